// SPDX-License-Identifier: Apache-2.0
//
// Every way of sending, and every field of what comes back.
package bolide.interop;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;

public final class SendCases {
    private SendCases() {}

    @Case
    public static void sync_send_answers_every_field(Ctx t) throws Exception {
        String topic = t.topic(4);
        Map<Integer, Long> next = new TreeMap<>();
        for (int i = 0; i < 40; i++) {
            Message m = message(topic, "sync " + i);
            checkResult(t, m, t.producer().send(m), next);
        }
        t.equal("queues the client's round robin used", 4, next.size());
        for (var e : next.entrySet()) t.equal("messages in queue " + e.getKey(), 10L, e.getValue());
    }

    @Case
    public static void async_send_calls_back_with_every_field(Ctx t) throws Exception {
        String topic = t.topic(4);
        List<Message> sent = new ArrayList<>();
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Message m = message(topic, "async " + i);
            sent.add(m);
            results.add(sendAsync(t.producer(), m));
        }
        Map<Integer, TreeSet<Long>> offsets = new TreeMap<>();
        for (int i = 0; i < 100; i++) {
            SendResult r = results.get(i).get(30, TimeUnit.SECONDS);
            checkFields(t, sent.get(i), r);
            boolean fresh = offsets.computeIfAbsent(r.getMessageQueue().getQueueId(), q -> new TreeSet<>())
                .add(r.getQueueOffset());
            t.check(fresh, "offset " + r.getQueueOffset() + " of one queue was given twice");
        }
        for (var e : offsets.entrySet()) {
            t.equal("last offset of queue " + e.getKey(), (long) e.getValue().size() - 1, e.getValue().last());
        }
    }

    @Case
    public static void one_way_sends_all_arrive(Ctx t) throws Exception {
        String topic = t.topic(4);
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            bodies.add("one way " + i);
            t.producer().sendOneway(message(topic, "one way " + i));
        }
        t.push(t.group(), topic).start().awaitExactly(bodies, 20_000);
    }

    @Case
    public static void a_batch_gets_consecutive_offsets_in_one_queue(Ctx t) throws Exception {
        String topic = t.topic(4);
        t.send(t.queue(topic, 1), "before");
        List<Message> batch = new ArrayList<>();
        List<String> bodies = new ArrayList<>(List.of("before"));
        for (int i = 0; i < 20; i++) {
            Message m = message(topic, "batch " + i);
            m.setTags("T" + i % 3);
            m.setKeys("k" + i);
            m.putUserProperty("n", "" + i);
            batch.add(m);
            bodies.add("batch " + i);
        }
        SendResult r = t.producer().send(batch, t.queue(topic, 1));
        t.equal("status", SendStatus.SEND_OK, r.getSendStatus());
        t.equal("queue", t.queue(topic, 1), r.getMessageQueue());
        t.equal("offset of the first", 1L, r.getQueueOffset());
        t.equal("message ids", 20, r.getMsgId().split(",").length);
        t.equal("offset message ids", 20, r.getOffsetMsgId().split(",").length);
        t.equal("offset after the batch", 21L, t.send(t.queue(topic, 1), "after").getQueueOffset());
        bodies.add("after");
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitExactly(bodies, 20_000);
        for (var m : sink.messages()) {
            String body = new String(m.getBody());
            if (!body.startsWith("batch")) continue;
            int i = Integer.parseInt(body.substring(6));
            t.equal("offset of " + body, 1L + i, m.getQueueOffset());
            t.equal("keys of " + body, "k" + i, m.getKeys());
            t.equal("tags of " + body, "T" + i % 3, m.getTags());
            t.equal("property of " + body, "" + i, m.getUserProperty("n"));
            t.equal("message id of " + body, r.getMsgId().split(",")[i], m.getMsgId());
        }
    }

    @Case
    public static void a_queue_selector_decides_the_queue(Ctx t) throws Exception {
        String topic = t.topic(5);
        for (int i = 0; i < 20; i++) {
            SendResult r = t.producer().send(message(topic, "s" + i),
                (queues, m, arg) -> queues.stream().filter(q -> q.getQueueId() == (Integer) arg).findFirst().get(),
                i % 5);
            t.equal("queue", i % 5, r.getMessageQueue().getQueueId());
            t.equal("offset", (long) i / 5, r.getQueueOffset());
        }
    }

    @Case
    public static void a_send_to_an_unknown_topic_creates_it(Ctx t) throws Exception {
        String topic = t.unique();
        DefaultMQProducer p = t.env.newProducer(t.env.unique("P_auto"));
        t.own(p::shutdown);
        p.start();
        SendResult r = p.send(message(topic, "first"));
        t.equal("status", SendStatus.SEND_OK, r.getSendStatus());
        t.equal("offset", 0L, r.getQueueOffset());
        var queues = t.env.awaitRoute(topic).getQueueDatas();
        t.equal("brokers in the route", 1, queues.size());
        t.equal("write queues", 4, queues.get(0).getWriteQueueNums());
        t.equal("read queues", 4, queues.get(0).getReadQueueNums());
        t.equal("permission", 6, queues.get(0).getPerm());
        t.push(t.group(), topic).start().awaitExactly(List.of("first"), 20_000);
    }

    @Case
    public static void a_producer_creates_a_topic_of_its_own_shape(Ctx t) throws Exception {
        String topic = t.unique();
        Compat.createTopic(t.producer(), "TBW102", topic, 7);
        var queues = t.env.awaitRoute(topic).getQueueDatas();
        t.equal("write queues", 7, queues.get(0).getWriteQueueNums());
        t.equal("read queues", 7, queues.get(0).getReadQueueNums());
        t.equal("queues to send to", 7, t.producer().fetchPublishMessageQueues(topic).size());
    }

    @Case
    public static void many_producers_on_one_unknown_topic_agree_on_it(Ctx t) throws Exception {
        String topic = t.unique();
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            DefaultMQProducer p = t.env.newProducer(t.env.unique("P_race"));
            t.own(p::shutdown);
            p.start();
            for (int k = 0; k < 10; k++) results.add(sendAsync(p, message(topic, "race " + i + " " + k)));
        }
        for (var r : results) t.equal("status", SendStatus.SEND_OK, r.get(30, TimeUnit.SECONDS).getSendStatus());
        t.equal("queues", 4, t.env.awaitRoute(topic).getQueueDatas().get(0).getWriteQueueNums());
        long[] total = new long[1];
        t.await("30 messages in the topic", 5000, () -> {
            total[0] = 0;
            for (int q = 0; q < 4; q++) total[0] += t.admin().maxOffset(t.queue(topic, q));
            return total[0] == 30;
        }, () -> total[0]);
    }

    static CompletableFuture<SendResult> sendAsync(DefaultMQProducer p, Message m) throws Exception {
        CompletableFuture<SendResult> f = new CompletableFuture<>();
        p.send(m, new SendCallback() {
            @Override
            public void onSuccess(SendResult r) {
                f.complete(r);
            }

            @Override
            public void onException(Throwable e) {
                f.completeExceptionally(e);
            }
        });
        return f;
    }

    private static Message message(String topic, String body) {
        return new Message(topic, body.getBytes());
    }

    private static void checkResult(Ctx t, Message m, SendResult r, Map<Integer, Long> next) throws Exception {
        checkFields(t, m, r);
        int queue = r.getMessageQueue().getQueueId();
        t.equal("offset in queue " + queue, next.getOrDefault(queue, 0L), r.getQueueOffset());
        next.put(queue, r.getQueueOffset() + 1);
    }

    /** rocketmq wire 1.13: the offset message id is the broker's address and the place in its log. */
    private static void checkFields(Ctx t, Message m, SendResult r) throws Exception {
        t.equal("status", SendStatus.SEND_OK, r.getSendStatus());
        t.equal("topic", m.getTopic(), r.getMessageQueue().getTopic());
        t.equal("broker", t.env.brokerName, r.getMessageQueue().getBrokerName());
        t.equal("message id", m.getProperty(MessageConst.PROPERTY_UNIQ_CLIENT_MESSAGE_ID_KEYIDX), r.getMsgId());
        t.equal("transaction id", r.getMsgId(), r.getTransactionId());
        t.equal("region", "DefaultRegion", r.getRegionId());
        ByteBuffer id = ByteBuffer.wrap(HexFormat.of().parseHex(r.getOffsetMsgId()));
        t.check(id.capacity() == 16 || id.capacity() == 28, "offset message id is " + r.getOffsetMsgId());
        byte[] host = new byte[id.capacity() - 12];
        id.get(host);
        String address = InetAddress.getByAddress(host).getHostAddress() + ":" + id.getInt();
        t.equal("address in the offset message id", t.env.brokerAddr, address);
        t.check(id.getLong() >= 0, "offset message id is " + r.getOffsetMsgId());
    }
}
