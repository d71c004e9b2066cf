// SPDX-License-Identifier: Apache-2.0
//
// Delays that are no delays, recall, transactions that are asked for, and requests whose reply is late.
// Apache's broker needs recallMessageEnable=true.
package bolide.interop;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageExt;

public final class LaterMoreCases {
    private LaterMoreCases() {}

    private static Message with(String topic, String body, String... properties) {
        Message m = new Message(topic, body.getBytes());
        for (int i = 0; i < properties.length; i += 2) MessageAccessor.putProperty(m, properties[i], properties[i + 1]);
        return m;
    }

    @Case
    public static void a_message_whose_time_is_past_comes_at_once(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitQueues(1, 15_000);
        long before = System.currentTimeMillis();
        t.producer().send(with(topic, "past", "TIMER_DELIVER_MS", "" + (before - 60_000)));
        sink.awaitExactly(List.of("past"), 15_000);
        long ms = sink.messages().get(0).getStoreTimestamp() - before;
        t.check(ms < 5_000, "it came after " + ms + " ms");
    }

    @Case
    public static void a_delay_level_counts_more_than_a_time(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        long before = System.currentTimeMillis();
        t.producer().send(with(topic, "level", "TIMER_DELAY_SEC", "3600", "DELAY", "1"));
        sink.awaitExactly(List.of("level"), 20_000);
        t.check(sink.messages().get(0).getStoreTimestamp() >= before + 1_000, "it came early");
    }

    @Case
    public static void later_messages_go_to_the_queue_that_was_asked_for(Ctx t) throws Exception {
        String topic = t.topic(4);
        Sink sink = t.push(t.group(), topic).start();
        for (int q = 0; q < 4; q++) {
            SendResult r = t.producer().send(with(topic, "q" + q, "DELAY", "1"), t.queue(topic, q));
            t.equal("queue told", q, r.getMessageQueue().getQueueId());
        }
        sink.awaitCount(4, 20_000);
        for (MessageExt m : sink.messages()) t.equal("queue", "q" + m.getQueueId(), new String(m.getBody()));
    }

    @Case(since = 5)
    public static void a_recalled_message_does_not_come(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        SendResult gone = t.producer().send(with(topic, "gone", "TIMER_DELAY_SEC", "8"));
        t.producer().send(with(topic, "stays", "TIMER_DELAY_SEC", "8"));
        t.check(gone.getRecallHandle() != null, "no handle");
        t.equal("id of what was recalled", gone.getMsgId(), t.producer().recallMessage(topic, gone.getRecallHandle()));
        sink.awaitCount(1, 30_000);
        Thread.sleep(2_500);
        t.equal("messages", List.of("stays"), sink.bodies());
    }

    @Case(since = 5)
    public static void a_message_with_a_delay_level_cannot_be_recalled(Ctx t) throws Exception {
        String topic = t.topic(1);
        t.equal("handle", null, t.producer().send(with(topic, "x", "DELAY", "2")).getRecallHandle());
        t.equal("handle of a plain message", null, t.producer().send(with(topic, "x")).getRecallHandle());
    }

    @Case(timeoutSeconds = 150)
    public static void a_message_is_rolled_back_when_its_producer_says_so_later(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        AtomicInteger asked = new AtomicInteger();
        TransactionMQProducer producer = new TransactionMQProducer(t.group());
        producer.setNamesrvAddr(t.env.options.namesrv());
        producer.setInstanceName(t.unique());
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message m, Object arg) {
                return LocalTransactionState.UNKNOW;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt m) {
                asked.incrementAndGet();
                return LocalTransactionState.ROLLBACK_MESSAGE;
            }
        });
        t.own((AutoCloseable) producer::shutdown);
        producer.start();
        SendResult r = producer.sendMessageInTransaction(new Message(topic, "rolled back".getBytes()), null);
        t.equal("status", SendStatus.SEND_OK, r.getSendStatus());
        t.await("the question", 100_000, () -> asked.get() > 0, asked::get);
        Thread.sleep(1_000);
        t.equal("messages", List.of(), sink.bodies());
    }

    @Case
    public static void a_transaction_keeps_keys_properties_and_id(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        TransactionMQProducer producer = new TransactionMQProducer(t.group());
        producer.setNamesrvAddr(t.env.options.namesrv());
        producer.setInstanceName(t.unique());
        producer.setTransactionListener(new TransactionListener() {
            @Override
            public LocalTransactionState executeLocalTransaction(Message m, Object arg) {
                return LocalTransactionState.COMMIT_MESSAGE;
            }

            @Override
            public LocalTransactionState checkLocalTransaction(MessageExt m) {
                return LocalTransactionState.COMMIT_MESSAGE;
            }
        });
        t.own((AutoCloseable) producer::shutdown);
        producer.start();
        Message m = new Message(topic, "tagT", "key1 key2", "body".getBytes());
        m.putUserProperty("own", "value");
        SendResult sent = producer.sendMessageInTransaction(m, null);
        sink.awaitExactly(List.of("body"), 30_000);
        MessageExt got = sink.messages().get(0);
        t.equal("id", sent.getMsgId(), got.getMsgId());
        t.equal("transaction", sent.getTransactionId(), got.getTransactionId());
        t.equal("keys", "key1 key2", got.getKeys());
        t.equal("tag", "tagT", got.getTags());
        t.equal("property", "value", got.getUserProperty("own"));
        t.equal("topic", topic, got.getTopic());
    }

    private static DefaultMQProducer requester(Ctx t) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(t.group());
        producer.setNamesrvAddr(t.env.options.namesrv());
        producer.setInstanceName(t.unique());
        t.own((AutoCloseable) producer::shutdown);
        producer.start();
        return producer;
    }

    @Case(except = "5.3.3")
    public static void a_request_that_nobody_answers_times_out(Ctx t) throws Exception {
        String topic = t.topic(1);
        DefaultMQProducer producer = requester(t);
        long start = System.nanoTime();
        try {
            producer.request(new Message(topic, "q".getBytes()), 2_000);
        } catch (RequestTimeoutException e) {
            long ms = (System.nanoTime() - start) / 1_000_000;
            t.check(ms >= 1_900 && ms < 10_000, "after " + ms + " ms");
            return;
        }
        throw new AssertionError("there was a reply");
    }
}
