// SPDX-License-Identifier: Apache-2.0
//
// What one case works with: names of its own, clients that are shut down behind it, and checks whose
// failure says what was expected and what came.
package bolide.interop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

public final class Ctx implements AutoCloseable {
    public interface Condition {
        boolean holds() throws Exception;
    }

    public interface Call {
        void run() throws Exception;
    }

    public final Env env;
    private final String name;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private volatile String note = "";

    public Ctx(Env env, String name) {
        this.env = env;
        this.name = name.length() > 60 ? name.substring(0, 60) : name;
    }

    public DefaultMQAdminExt admin() {
        return env.admin;
    }

    public DefaultMQProducer producer() {
        return env.producer;
    }

    public String unique() {
        return env.unique(name);
    }

    public String topic(int queues) throws Exception {
        String topic = unique();
        env.createTopic(topic, queues);
        return topic;
    }

    public String group() {
        return env.unique("G_" + name);
    }

    public synchronized <C extends AutoCloseable> C own(C c) {
        owned.push(c);
        return c;
    }

    public Sink.Setup push(String group, String topic) {
        return new Sink.Setup(this, group, topic);
    }

    public MessageQueue queue(String topic, int id) {
        return new MessageQueue(topic, env.brokerName, id);
    }

    /** Sends to one queue and requires SEND_OK. */
    public SendResult send(MessageQueue to, String body) throws Exception {
        SendResult r = producer().send(new Message(to.getTopic(), body.getBytes("UTF-8")), to);
        equal("status of the send", SendStatus.SEND_OK, r.getSendStatus());
        return r;
    }

    /** Waits until so many messages can be read from the queue: Apache answers a send a little earlier. */
    public void awaitMax(MessageQueue q, long offset) throws Exception {
        long[] got = new long[1];
        await("largest offset " + offset + " of queue " + q.getQueueId(), 5000,
            () -> (got[0] = admin().maxOffset(q)) == offset, () -> got[0]);
    }

    /** Sends bodies 0..count-1 round robin over the queues; returns them in the order sent. */
    public List<String> sendMany(String topic, int queues, int count, String prefix) throws Exception {
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bodies.add(prefix + i);
            send(queue(topic, i % queues), prefix + i);
        }
        return bodies;
    }

    public void note(String text) {
        note = text;
    }

    public String note() {
        return note;
    }

    public void check(boolean ok, String otherwise) {
        if (!ok) throw new AssertionError(otherwise);
    }

    public void equal(String what, Object expected, Object actual) {
        if (Objects.equals(expected, actual)) return;
        throw new AssertionError(what + ": expected " + brief(expected) + ", got " + brief(actual));
    }

    /** Polls until the condition holds; fails with the description of what is there instead. */
    public void await(String what, long ms, Condition c, java.util.function.Supplier<?> state) throws Exception {
        for (long end = System.nanoTime() + ms * 1_000_000; !c.holds(); Thread.sleep(10)) {
            if (System.nanoTime() > end) {
                throw new AssertionError(what + " not within " + ms + " ms; there is " + brief(state.get()));
            }
        }
    }

    /** The call must be refused with this response code. */
    public void refused(String what, int code, Call call) throws Exception {
        int got;
        try {
            call.run();
            throw new AssertionError(what + ": expected refusal with code " + code + ", but it was accepted");
        } catch (MQBrokerException e) {
            got = e.getResponseCode();
        } catch (MQClientException e) {
            got = e.getResponseCode();
            if (got < 0 && e.getCause() instanceof MQBrokerException b) got = b.getResponseCode();
        }
        equal(what + ": code of the refusal", code, got);
    }

    private static String brief(Object o) {
        String s = o instanceof Collection<?> c && c.size() > 20 ? c.size() + " elements" : String.valueOf(o);
        return s.length() > 300 ? s.substring(0, 300) + "..." : s;
    }

    @Override
    public synchronized void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }
    }
}
