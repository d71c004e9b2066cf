// SPDX-License-Identifier: Apache-2.0
//
// The few calls whose Java signature differs between the 4.x and the 5.x client. (Classes that only
// moved to another package are renamed by the script `run` before it compiles for 4.x.)
package bolide.interop;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

public final class Compat {
    private Compat() {}

    /** 5.x added a parameter for attributes. */
    public static void createTopic(DefaultMQProducer p, String key, String topic, int queues) throws Exception {
        for (Method m : p.getClass().getMethods()) {
            if (!m.getName().equals("createTopic")) continue;
            Class<?>[] types = m.getParameterTypes();
            if (types.length == 3 && types[2] == int.class) {
                call(m, p, key, topic, queues);
                return;
            }
            if (types.length == 4 && types[3] == Map.class) {
                call(m, p, key, topic, queues, Map.of());
                return;
            }
        }
        throw new AssertionError("this client has no createTopic");
    }

    /** Topics the group has offsets for; 5.x only. */
    public static Set<String> topicsOf(DefaultMQAdminExt admin, String group) throws Exception {
        Object list = call(admin.getClass().getMethod("queryTopicsByConsumer", String.class), admin, group);
        @SuppressWarnings("unchecked")
        Set<String> topics = (Set<String>) call(list.getClass().getMethod("getTopicList"), list);
        return topics;
    }

    private static Object call(Method m, Object on, Object... args) throws Exception {
        try {
            return m.invoke(on, args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Exception x) throw x;
            throw e;
        }
    }
}
