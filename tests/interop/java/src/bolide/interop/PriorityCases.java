// SPDX-License-Identifier: Apache-2.0
//
// Messages with a priority: the queue they go to, and what a pop takes first.
package bolide.interop;

import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

public final class PriorityCases {
    private PriorityCases() {}

    private static final String PRIORITY = "_SYS_MSG_PRIORITY_";

    private static String topic(Ctx t) throws Exception {
        TopicConfig config = new TopicConfig(t.unique());
        config.setReadQueueNums(4);
        config.setWriteQueueNums(4);
        config.setAttributes(Map.of("+message.type", "PRIORITY"));
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
        t.env.awaitRoute(config.getTopicName());
        return config.getTopicName();
    }

    private static MessageQueue send(Ctx t, String topic, String priority, String... more) throws Exception {
        Message m = new Message(topic, ("p" + priority).getBytes());
        MessageAccessor.putProperty(m, PRIORITY, priority);
        for (int i = 0; i < more.length; i += 2) MessageAccessor.putProperty(m, more[i], more[i + 1]);
        return t.producer().send(m, t.queue(topic, 1)).getMessageQueue();
    }

    @Case(since = 5)
    public static void a_priority_chooses_the_queue(Ctx t) throws Exception {
        String topic = topic(t);
        for (int p : new int[] {0, 1, 2, 3, 4, 100}) {
            t.equal("queue of priority " + p, Math.min(p, 3), send(t, topic, "" + p).getQueueId());
        }
    }

    @Case(since = 5)
    public static void a_priority_chooses_the_queue_in_any_topic(Ctx t) throws Exception {
        t.equal("queue", 2, send(t, t.topic(3), "9").getQueueId());
    }

    @Case(since = 5)
    public static void what_is_no_priority_changes_nothing(Ctx t) throws Exception {
        String topic = topic(t);
        for (String p : List.of("-1", "high", "1.5")) t.equal("queue of " + p, 1, send(t, topic, p).getQueueId());
    }

    @Case(since = 5)
    public static void a_message_in_order_or_for_later_has_no_priority(Ctx t) throws Exception {
        String topic = topic(t);
        t.equal("queue of one with a sharding key", 1, send(t, topic, "3", "__SHARDINGKEY", "k").getQueueId());
        t.equal("queue of one for later", 1, send(t, topic, "3", "DELAY", "1").getQueueId());
        MessageQueue q = t.queue(topic, 1);
        t.awaitMax(q, 1);
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        c.fetchSubscribeMessageQueues(topic);
        MessageExt m = c.pull(q, "*", 0, 1).getMsgFoundList().get(0);
        t.equal("priority that is stored", null, m.getProperty(PRIORITY));
        t.await("the later one in its queue", 15_000, () -> c.maxOffset(q) == 2, () -> "nothing");
    }

    @Case(since = 5)
    public static void the_highest_priority_is_popped_first(Ctx t) throws Exception {
        String topic = topic(t);
        for (String p : List.of("0", "2", "1", "3", "0", "3")) send(t, topic, p);
        int[] ends = {2, 1, 1, 2};
        for (int q = 0; q < 4; q++) t.awaitMax(t.queue(topic, q), ends[q]);
        PopClient pops = new PopClient(t, t.group(), topic);
        var config = new org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig();
        config.setGroupName(pops.group);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        pops.batch = 1;
        List<String> got = pops.popAll(6).stream().map(m -> new String(m.getBody())).toList();
        t.equal("order", List.of("p3", "p3", "p2", "p1", "p0", "p0"), got);
    }
}
