// SPDX-License-Identifier: Apache-2.0
//
// Groups under control: skipped, cloned, forbidden, changed while they run, and apart from each other.
package bolide.interop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.remoting.protocol.body.CMResult;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

public final class ControlCases {
    private ControlCases() {}

    private static long committed(Ctx t, String group, MessageQueue q) throws Exception {
        DefaultMQPullConsumer c = PullCases.consumer(t, group);
        c.fetchSubscribeMessageQueues(q.getTopic());
        try {
            return c.fetchConsumeOffset(q, true);
        } finally {
            c.shutdown();
        }
    }

    private static Sink consumed(Ctx t, String group, String topic, List<String> bodies) throws Exception {
        Sink sink = t.push(group, topic).start();
        sink.awaitExactly(bodies, 20_000);
        t.await("all to be confirmed", 5_000, () -> sink.confirmed() == bodies.size(), sink::confirmed);
        sink.close();
        return sink;
    }

    @Case
    public static void what_a_group_has_not_read_is_skipped(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        consumed(t, group, topic, t.sendMany(topic, 1, 3, "read "));
        t.sendMany(topic, 1, 5, "skipped ");
        t.awaitMax(t.queue(topic, 0), 8);
        var offsets = t.admin().resetOffsetByTimestamp(topic, group, -1, true);
        t.equal("offset", List.of(8L), List.copyOf(offsets.values()));
        Sink sink = t.push(group, topic).impatient().start();
        sink.awaitQueues(1, 15_000);
        t.send(t.queue(topic, 0), "next");
        sink.awaitExactly(List.of("next"), 30_000);
    }

    @Case
    public static void a_group_is_set_to_a_time_before_all(Ctx t) throws Exception {
        String topic = t.topic(2), group = t.group();
        List<String> bodies = t.sendMany(topic, 2, 6, "m");
        consumed(t, group, topic, bodies);
        var offsets = t.admin().resetOffsetByTimestamp(topic, group, System.currentTimeMillis() - 86_400_000L, true);
        for (var e : offsets.entrySet()) t.equal("offset of " + e.getKey().getQueueId(), 0L, e.getValue());
    }

    @Case
    public static void a_group_takes_over_the_offsets_of_another(Ctx t) throws Exception {
        String topic = t.topic(1), from = t.group(), to = t.group();
        consumed(t, from, topic, t.sendMany(topic, 1, 4, "old "));
        MessageQueue q = t.queue(topic, 0);
        PullCases.awaitCommitted(t, from, q, 4);
        t.admin().cloneGroupOffset(from, to, topic, true);
        t.equal("offset of the other", 4L, committed(t, to, q));
        Sink sink = t.push(to, topic).impatient().start();
        sink.awaitQueues(1, 15_000);
        t.send(q, "new");
        sink.awaitExactly(List.of("new"), 30_000);
    }

    @Case
    public static void a_message_is_consumed_on_demand(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink sink = t.push(group, topic).start();
        sink.awaitExactly(t.sendMany(topic, 1, 1, "m"), 20_000);
        MessageExt m = sink.messages().get(0);
        var result = t.admin().consumeMessageDirectly(group, sink.clientId(), topic, m.getMsgId());
        t.equal("result", CMResult.CR_SUCCESS, result.getConsumeResult());
        sink.awaitCount(2, 10_000);
        t.equal("bodies", List.of("m0", "m0"), sink.bodies());
    }

    @Case
    public static void a_group_that_may_not_consume_is_refused(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        t.send(q, "m");
        t.awaitMax(q, 1);
        String group = t.group();
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(group);
        config.setConsumeEnable(false);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        DefaultMQPullConsumer c = PullCases.consumer(t, group);
        t.refused("a pull", ResponseCode.NO_PERMISSION, () -> c.pull(q, "*", 0, 32));
        config.setConsumeEnable(true);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        t.equal("messages once it may", 1, c.pull(q, "*", 0, 32).getMsgFoundList().size());
    }

    @Case
    public static void a_topic_that_may_not_be_read_is_refused(Ctx t) throws Exception {
        String topic = t.topic(1);
        MessageQueue q = t.queue(topic, 0);
        t.send(q, "m");
        t.awaitMax(q, 1);
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        c.fetchSubscribeMessageQueues(topic);
        TopicConfig config = new TopicConfig(topic);
        config.setReadQueueNums(1);
        config.setWriteQueueNums(1);
        config.setPerm(2);
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
        t.refused("a pull", ResponseCode.NO_PERMISSION, () -> c.pull(q, "*", 0, 32));
        config.setPerm(6);
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
        t.equal("messages once it may", 1, c.pull(q, "*", 0, 32).getMsgFoundList().size());
    }

    @Case
    public static void two_groups_get_everything_each(Ctx t) throws Exception {
        String topic = t.topic(2);
        Sink a = t.push(t.group(), topic).start();
        Sink b = t.push(t.group(), topic).start();
        List<String> bodies = t.sendMany(topic, 2, 20, "m");
        a.awaitExactly(bodies, 20_000);
        b.awaitExactly(bodies, 20_000);
    }

    @Case
    public static void a_topic_grows_while_it_is_consumed(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).impatient().start();
        sink.awaitQueues(1, 15_000);
        t.send(t.queue(topic, 0), "first");
        TopicConfig config = new TopicConfig(topic);
        config.setReadQueueNums(3);
        config.setWriteQueueNums(3);
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
        sink.awaitQueues(3, 40_000);
        t.send(t.queue(topic, 2), "last");
        sink.awaitExactly(List.of("first", "last"), 20_000);
    }

    @Case
    public static void a_consumer_of_two_topics_gets_both(Ctx t) throws Exception {
        String one = t.topic(1), two = t.topic(2);
        DefaultMQPushConsumer c = t.push(t.group(), one).consumer;
        List<String> got = Collections.synchronizedList(new ArrayList<>());
        c.subscribe(one, "*");
        c.subscribe(two, "A");
        c.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
            for (MessageExt m : ms) got.add(m.getTopic() + " " + new String(m.getBody()));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        t.own((AutoCloseable) c::shutdown);
        c.start();
        t.send(t.queue(one, 0), "m");
        for (String tag : List.of("A", "B")) {
            t.producer().send(new org.apache.rocketmq.common.message.Message(two, tag, tag.getBytes()), t.queue(two, 1));
        }
        t.await("two messages", 20_000, () -> got.size() == 2, () -> got);
        Thread.sleep(300);
        List<String> sorted = new ArrayList<>(got);
        sorted.sort(null);
        List<String> expected = new ArrayList<>(List.of(one + " m", two + " A"));
        expected.sort(null);
        t.equal("messages", expected, sorted);
    }

    @Case
    public static void a_broadcasting_group_has_no_offset_at_the_broker(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink sink = t.push(group, topic).broadcasting(t.unique()).start();
        sink.awaitQueues(1, 15_000);
        sink.awaitExactly(t.sendMany(topic, 1, 3, "m"), 20_000);
        sink.close();
        t.equal("offset", 0L, committed(t, group, t.queue(topic, 0)));
    }

    @Case
    public static void an_offset_is_set_by_a_consumer_that_is_not_there(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        t.sendMany(topic, 1, 6, "m");
        t.awaitMax(t.queue(topic, 0), 6);
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(group);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        t.admin().updateConsumeOffset(t.env.brokerAddr, group, t.queue(topic, 0), 4);
        t.equal("offset", 4L, committed(t, group, t.queue(topic, 0)));
        t.push(group, topic).start().awaitExactly(List.of("m4", "m5"), 20_000);
    }

    @Case
    public static void the_store_time_of_the_first_message_is_told(Ctx t) throws Exception {
        String topic = t.topic(1);
        MessageQueue q = t.queue(topic, 0);
        long before = System.currentTimeMillis();
        t.send(q, "first");
        t.send(q, "second");
        t.awaitMax(q, 2);
        long told = t.admin().earliestMsgStoreTime(q);
        t.check(told >= before && told <= System.currentTimeMillis(), "it is " + told);
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        t.equal("as in the message", c.pull(q, "*", 0, 1).getMsgFoundList().get(0).getStoreTimestamp(), told);
    }
}
