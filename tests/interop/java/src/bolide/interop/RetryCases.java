// SPDX-License-Identifier: Apache-2.0
//
// What becomes of messages that their consumer does not take.
package bolide.interop;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

public final class RetryCases {
    private RetryCases() {}

    private static List<MessageExt> received() {
        return Collections.synchronizedList(new ArrayList<>());
    }

    private static DefaultMQPushConsumer start(Ctx t, String group, String topic, MessageListenerConcurrently listener) throws Exception {
        DefaultMQPushConsumer c = t.push(group, topic).consumer;
        c.subscribe(topic, "*");
        c.registerMessageListener(listener);
        t.own((AutoCloseable) c::shutdown);
        c.start();
        return c;
    }

    @Case
    public static void a_failed_message_waits_ten_seconds_at_first(Ctx t) throws Exception {
        String topic = t.topic(1);
        List<MessageExt> got = received();
        start(t, t.group(), topic, (ms, x) -> {
            got.addAll(ms);
            return got.size() < 2 ? ConsumeConcurrentlyStatus.RECONSUME_LATER : ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        t.send(t.queue(topic, 0), "m");
        t.await("the second delivery", 60_000, () -> got.size() == 2, got::size);
        long ms = got.get(1).getStoreTimestamp() - got.get(0).getStoreTimestamp();
        t.check(ms >= 10_000 && ms < 40_000, "it came after " + ms + " ms");
        t.equal("level", "3", String.valueOf(got.get(1).getDelayTimeLevel()));
    }

    @Case
    public static void a_consumer_that_never_tries_again_makes_dead_letters(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        DefaultMQPushConsumer c = t.push(group, topic).consumer;
        c.setMaxReconsumeTimes(0);
        AtomicInteger tries = new AtomicInteger();
        c.subscribe(topic, "*");
        c.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
            tries.addAndGet(ms.size());
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        t.own((AutoCloseable) c::shutdown);
        c.start();
        SendResult sent = t.send(t.queue(topic, 0), "dead");
        Sink letters = t.push(t.group(), "%DLQ%" + group).impatient().start();
        letters.awaitExactly(List.of("dead"), 60_000);
        t.equal("tries", 1, tries.get());
        MessageExt letter = letters.messages().get(0);
        t.equal("message id", sent.getMsgId(), letter.getMsgId());
        t.equal("first message", sent.getOffsetMsgId(), letter.getProperty("ORIGIN_MESSAGE_ID"));
        t.equal("attempts", 1, letter.getReconsumeTimes());
    }

    @Case
    public static void of_a_delivery_of_many_only_what_failed_comes_again(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        for (int i = 0; i < 8; i++) t.send(t.queue(topic, 0), "m" + i);
        t.awaitMax(t.queue(topic, 0), 8);
        DefaultMQPushConsumer c = t.push(group, topic).consumer;
        c.setConsumeMessageBatchMaxSize(8);
        c.setPullBatchSize(8);
        List<String> again = Collections.synchronizedList(new ArrayList<>());
        c.subscribe(topic, "*");
        c.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
            if (ms.get(0).getReconsumeTimes() > 0) {
                for (MessageExt m : ms) again.add(new String(m.getBody()));
            } else {
                x.setAckIndex(ms.size() - 3); // the last two failed
                x.setDelayLevelWhenNextConsume(1);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        t.own((AutoCloseable) c::shutdown);
        c.start();
        t.await("two messages again", 40_000, () -> again.size() == 2, () -> again);
        Thread.sleep(500);
        List<String> sorted = new ArrayList<>(again);
        sorted.sort(null);
        t.equal("messages that came again", List.of("m6", "m7"), sorted);
    }

    @Case
    public static void a_broadcast_message_that_fails_is_not_tried_again(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink sink = t.push(group, topic).broadcasting(t.unique()).failFirst(1).start();
        sink.awaitQueues(1, 15_000);
        t.send(t.queue(topic, 0), "fails");
        t.send(t.queue(topic, 0), "next");
        sink.awaitCount(2, 20_000);
        Thread.sleep(3_000);
        t.equal("deliveries", List.of("fails", "next"), sink.bodies().stream().sorted().toList());
    }

    @Case
    public static void an_ordered_message_that_fails_holds_up_its_queue(Ctx t) throws Exception {
        String topic = t.topic(1);
        DefaultMQPushConsumer c = t.push(t.group(), topic).consumer;
        c.setConsumeMessageBatchMaxSize(1);
        c.setSuspendCurrentQueueTimeMillis(100);
        List<String> got = Collections.synchronizedList(new ArrayList<>());
        c.subscribe(topic, "*");
        c.registerMessageListener((MessageListenerOrderly) (ms, x) -> {
            String body = new String(ms.get(0).getBody());
            got.add(body + ms.get(0).getReconsumeTimes());
            return body.equals("b") && ms.get(0).getReconsumeTimes() < 2 ? ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT
                : ConsumeOrderlyStatus.SUCCESS;
        });
        t.own((AutoCloseable) c::shutdown);
        c.start();
        for (String body : List.of("a", "b", "c")) t.send(t.queue(topic, 0), body);
        t.await("the last message", 30_000, () -> got.contains("c0"), () -> got);
        t.equal("deliveries", List.of("a0", "b0", "b1", "b2", "c0"), got);
    }

    @Case
    public static void a_group_without_retry_queues_loses_what_failed(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(group);
        config.setRetryQueueNums(0);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        Sink sink = t.push(group, topic).failFirst(1).start();
        t.send(t.queue(topic, 0), "lost");
        sink.awaitCount(1, 20_000);
        Thread.sleep(5_000);
        t.equal("deliveries", List.of("lost"), sink.bodies());
        long confirmed = sink.confirmed();
        t.equal("offset that the group goes on from", 1L, confirmed);
    }

    @Case
    public static void a_level_beyond_the_last_is_the_last(Ctx t) throws Exception {
        String topic = t.topic(1);
        org.apache.rocketmq.common.message.Message m = new org.apache.rocketmq.common.message.Message(topic, "x".getBytes());
        m.setDelayTimeLevel(99);
        SendResult r = t.producer().send(m, t.queue(topic, 0));
        MessageExt stored = t.admin().viewMessage("SCHEDULE_TOPIC_XXXX", r.getOffsetMsgId());
        t.equal("queue of the last level", 17, stored.getQueueId());
        t.equal("where it goes", topic, stored.getProperty("REAL_TOPIC"));
        t.equal("its queue", "0", stored.getProperty("REAL_QID"));
    }
}
