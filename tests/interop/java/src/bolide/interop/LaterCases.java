// SPDX-License-Identifier: Apache-2.0
//
// What comes later: failed messages again and as dead letters, delayed and timed messages, transactions, replies.
package bolide.interop;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageExt;

public final class LaterCases {
    private LaterCases() {}

    private static final int LATE_MS = 8_000; // the judge may be this late; Bolide's own limit is checked apart

    @Case
    public static void a_failed_message_comes_again_as_what_it_was(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink sink = t.push(group, topic).failFirst(2).start();
        Message sent = new Message(topic, "tagA", "key-7", "again".getBytes("UTF-8"));
        sent.putUserProperty("own", "value");
        SendResult result = t.producer().send(sent);
        sink.awaitCount(3, 40_000);
        List<MessageExt> got = sink.messages();
        for (int i = 0; i < 3; i++) {
            MessageExt m = got.get(i);
            t.equal("attempts before delivery " + i, i, m.getReconsumeTimes());
            t.equal("topic", topic, m.getTopic());
            t.equal("body", "again", new String(m.getBody(), "UTF-8"));
            t.equal("tag", "tagA", m.getTags());
            t.equal("keys", "key-7", m.getKeys());
            t.equal("a property of the sender's", "value", m.getUserProperty("own"));
            t.equal("message id", result.getMsgId(), m.getMsgId());
        }
        t.equal("the id of the first message", result.getOffsetMsgId(), got.get(2).getProperty("ORIGIN_MESSAGE_ID"));
    }

    @Case(timeoutSeconds = 120)
    public static void a_message_that_fails_too_often_is_a_dead_letter(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink.Setup setup = t.push(group, topic).failFirst(100);
        setup.consumer.setMaxReconsumeTimes(1);
        Sink sink = setup.start();
        SendResult result = t.send(t.queue(topic, 0), "dead");
        sink.awaitCount(2, 40_000);
        Sink letters = t.push(t.group(), "%DLQ%" + group).impatient().start();
        letters.awaitCount(1, 60_000);
        MessageExt letter = letters.messages().get(0);
        t.equal("body", "dead", new String(letter.getBody(), "UTF-8"));
        t.equal("where it was", topic, letter.getProperty("RETRY_TOPIC"));
        t.equal("message id", result.getMsgId(), letter.getMsgId());
        t.equal("deliveries", 2, sink.count());
    }

    @Case(timeoutSeconds = 120)
    public static void an_ordered_consumer_gives_up_into_the_dead_letters(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink.Setup setup = t.push(group, topic);
        DefaultMQPushConsumer consumer = setup.consumer;
        consumer.setMaxReconsumeTimes(1);
        consumer.setSuspendCurrentQueueTimeMillis(100);
        AtomicInteger tries = new AtomicInteger();
        List<String> passed = new java.util.concurrent.CopyOnWriteArrayList<>();
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (ms, x) -> {
            String body = new String(ms.get(0).getBody());
            if (body.equals("bad")) {
                tries.incrementAndGet();
                return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            }
            passed.add(body);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        t.own((AutoCloseable) consumer::shutdown);
        consumer.setConsumeMessageBatchMaxSize(1);
        consumer.start();
        for (String body : List.of("first", "bad", "last")) t.send(t.queue(topic, 0), body);
        t.await("the message behind the bad one", 40_000, () -> passed.contains("last"), () -> passed + " " + tries);
        t.equal("order", List.of("first", "last"), passed);
        t.equal("tries", 2, tries.get());
        Sink letters = t.push(t.group(), "%DLQ%" + group).impatient().start();
        letters.awaitExactly(List.of("bad"), 60_000);
    }

    @Case
    public static void a_delay_level_is_kept(Ctx t) throws Exception {
        String topic = t.topic(2);
        Sink sink = t.push(t.group(), topic).start();
        long before = System.currentTimeMillis();
        for (int level : new int[] {2, 1}) {
            Message m = new Message(topic, ("level " + level).getBytes("UTF-8"));
            m.setDelayTimeLevel(level);
            t.equal("status", SendStatus.SEND_OK, t.producer().send(m).getSendStatus());
        }
        sink.awaitCount(2, 20_000);
        t.equal("order", List.of("level 1", "level 2"), sink.bodies());
        late(t, sink.messages().get(0), before + 1_000);
        late(t, sink.messages().get(1), before + 5_000);
    }

    @Case
    public static void a_message_comes_at_its_time(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        long now = System.currentTimeMillis();
        String[][] ways = {{"TIMER_DELAY_SEC", "4"}, {"TIMER_DELAY_MS", "2000"}, {"TIMER_DELIVER_MS", "" + (now + 6_000)}};
        for (String[] way : ways) {
            Message m = new Message(topic, "k", way[0], way[0].getBytes("UTF-8"));
            MessageAccessor.putProperty(m, way[0], way[1]);
            t.equal("status", SendStatus.SEND_OK, t.producer().send(m).getSendStatus());
        }
        sink.awaitCount(3, 30_000);
        t.equal("order", List.of("TIMER_DELAY_MS", "TIMER_DELAY_SEC", "TIMER_DELIVER_MS"), sink.bodies());
        // Apache's broker is up to a second early (reference: it rounds down).
        for (int i = 0; i < 3; i++) late(t, sink.messages().get(i), now + 2_000 * (i + 1) - 1_001);
        t.equal("key", "TIMER_DELAY_MS", sink.messages().get(0).getKeys());
    }

    private static void late(Ctx t, MessageExt m, long due) throws Exception {
        long stored = m.getStoreTimestamp();
        t.check(stored >= due, new String(m.getBody(), "UTF-8") + " came " + (due - stored) + " ms early");
        t.check(stored < due + LATE_MS, new String(m.getBody(), "UTF-8") + " came " + (stored - due) + " ms late");
    }

    private static TransactionMQProducer transactions(Ctx t, LocalTransactionState first, LocalTransactionState asked)
        throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer(t.group());
        producer.setNamesrvAddr(t.env.options.namesrv());
        producer.setInstanceName(t.unique());
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message m, Object arg) {
                return first;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt m) {
                return asked;
            }
        });
        t.own((AutoCloseable) producer::shutdown);
        producer.start();
        return producer;
    }

    @Case
    public static void a_committed_message_is_seen_and_one_rolled_back_is_not(Ctx t) throws Exception {
        String topic = t.topic(4);
        Sink sink = t.push(t.group(), topic).start();
        LocalTransactionState no = LocalTransactionState.ROLLBACK_MESSAGE;
        TransactionMQProducer[] producers = {transactions(t, LocalTransactionState.COMMIT_MESSAGE, no), transactions(t, no, no)};
        for (int i = 0; i < 20; i++) {
            Message m = new Message(topic, "tag", "k" + i, ("m" + i).getBytes("UTF-8"));
            SendResult result = producers[i % 2].sendMessageInTransaction(m, null);
            t.equal("status", SendStatus.SEND_OK, result.getSendStatus());
        }
        sink.awaitCount(10, 20_000);
        Thread.sleep(500);
        List<String> got = sink.bodies();
        got.sort(null);
        t.equal("messages", List.of("m0", "m10", "m12", "m14", "m16", "m18", "m2", "m4", "m6", "m8"), got);
        MessageExt m = sink.messages().get(0);
        t.equal("tag", "tag", m.getTags());
        t.check(m.getProperty("__transactionId__") != null, "no transaction id");
    }

    @Case(timeoutSeconds = 120)
    public static void an_unknown_outcome_is_asked_for(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        TransactionMQProducer producer = transactions(t, LocalTransactionState.UNKNOW, LocalTransactionState.COMMIT_MESSAGE);
        producer.sendMessageInTransaction(new Message(topic, "asked".getBytes("UTF-8")), null);
        Thread.sleep(1000);
        t.equal("before it is asked", 0, sink.count());
        sink.awaitExactly(List.of("asked"), 90_000);
    }

    @Case(except = "5.3.3") // which gives up a request as soon as its send is answered
    public static void a_request_gets_its_reply(Ctx t) throws Exception {
        String topic = t.topic(1);
        DefaultMQProducer producer = new DefaultMQProducer(t.group());
        producer.setNamesrvAddr(t.env.options.namesrv());
        producer.setInstanceName(t.unique());
        t.own((AutoCloseable) producer::shutdown);
        producer.start();
        DefaultMQPushConsumer consumer = t.push(t.group(), topic).consumer;
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
            try {
                for (MessageExt m : ms) {
                    producer.send(MessageUtil.createReplyMessage(m, ("re: " + new String(m.getBody())).getBytes()), 3000);
                }
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            } catch (Exception e) {
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
        });
        t.own((AutoCloseable) consumer::shutdown);
        consumer.start();
        for (int i = 0; i < 3; i++) {
            Message reply = producer.request(new Message(topic, ("q" + i).getBytes()), 15_000);
            t.equal("reply", "re: q" + i, new String(reply.getBody()));
        }
    }
}
