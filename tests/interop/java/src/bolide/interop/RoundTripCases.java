// SPDX-License-Identifier: Apache-2.0
//
// What was sent is what is received: body, properties, keys, tags, flag, and the broker's own fields.
package bolide.interop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

public final class RoundTripCases {
    private static final String TEXT = "Grüße, 你好, здравствуй, 🚀 \t\"quoted\" {json: [1]} \\ end";

    private RoundTripCases() {}

    @Case
    public static void properties_keys_tags_and_unicode_come_back(Ctx t) throws Exception {
        String topic = t.topic(1);
        Message m = new Message(topic, TEXT.getBytes(StandardCharsets.UTF_8));
        m.setTags("標籤");
        m.setKeys(List.of("key-1", "ключ"));
        m.setFlag(0x01020304);
        m.putUserProperty("plain", "value");
        m.putUserProperty("имя", TEXT);
        m.putUserProperty("long", "x".repeat(5000));
        m.setBuyerId("buyer");
        SendResult sent = t.producer().send(m);
        MessageExt got = receive(t, topic);
        t.equal("body", TEXT, new String(got.getBody(), StandardCharsets.UTF_8));
        t.equal("tags", "標籤", got.getTags());
        t.equal("keys", "key-1 ключ", got.getKeys());
        t.equal("flag", 0x01020304, got.getFlag());
        t.equal("property", "value", got.getUserProperty("plain"));
        t.equal("unicode property", TEXT, got.getUserProperty("имя"));
        t.equal("long property", "x".repeat(5000), got.getUserProperty("long"));
        t.equal("buyer id", "buyer", got.getBuyerId());
        t.equal("message id", sent.getMsgId(), got.getMsgId());
        t.equal("region", "DefaultRegion", got.getProperty("MSG_REGION"));
        t.equal("trace switch", "true", got.getProperty("TRACE_ON"));
        t.equal("cluster", t.env.cluster, got.getProperty("CLUSTER"));
    }

    @Case
    public static void the_brokers_own_fields_are_right(Ctx t) throws Exception {
        String topic = t.topic(3);
        long before = System.currentTimeMillis();
        SendResult sent = t.send(t.queue(topic, 2), "fields");
        MessageExt got = receive(t, topic);
        long after = System.currentTimeMillis();
        t.equal("topic", topic, got.getTopic());
        t.equal("queue id", 2, got.getQueueId());
        t.equal("queue offset", sent.getQueueOffset(), got.getQueueOffset());
        t.equal("offset message id", sent.getOffsetMsgId(),
            org.apache.rocketmq.common.message.MessageDecoder.createMessageId(got.getStoreHost(),
                got.getCommitLogOffset()));
        t.equal("reconsume times", 0, got.getReconsumeTimes());
        t.equal("system flag", 0, got.getSysFlag());
        t.equal("transaction offset", 0L, got.getPreparedTransactionOffset());
        t.check(got.getStoreSize() > 91, "store size is " + got.getStoreSize());
        t.check(between(before, got.getBornTimestamp(), after), "born at " + got.getBornTimestamp());
        t.check(between(before - 2000, got.getStoreTimestamp(), after + 2000), // clocks of two hosts
            "stored at " + got.getStoreTimestamp() + ", sent at " + before);
        t.check(got.getBornHost() != null && got.getBornHostString() != null, "no born host");
        t.equal("first offset told with the message", "0", got.getProperty("MIN_OFFSET"));
        t.equal("last offset told with the message", "1", got.getProperty("MAX_OFFSET"));
    }

    @Case
    public static void a_compressed_body_comes_back(Ctx t) throws Exception {
        String topic = t.topic(1);
        byte[] body = "compress me, 你好 ".repeat(4000).getBytes(StandardCharsets.UTF_8);
        t.producer().send(new Message(topic, body));
        MessageExt got = receive(t, topic);
        t.check(got.getStoreSize() < body.length / 10, "stored in " + got.getStoreSize() + " bytes");
        t.check(Arrays.equals(body, got.getBody()), "the body of " + got.getBody().length + " bytes differs");
    }

    @Case
    public static void every_byte_value_and_size_around_the_limits_of_buffers_comes_back(Ctx t) throws Exception {
        String topic = t.topic(1);
        DefaultMQProducer p = t.env.newProducer(t.env.unique("P_raw"));
        p.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        t.own(p::shutdown);
        p.start();
        int[] sizes = {1, 2, 255, 256, 257, 4095, 4096, 4097, 65535, 65536, 65537, 262143, 262144, 300_000};
        Random random = new Random(7);
        for (int size : sizes) {
            byte[] body = new byte[size];
            random.nextBytes(body);
            p.send(new Message(topic, body));
        }
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitCount(sizes.length, 20_000);
        Random again = new Random(7);
        byte[][] expected = new byte[sizes.length][];
        for (int i = 0; i < sizes.length; i++) again.nextBytes(expected[i] = new byte[sizes[i]]);
        for (MessageExt m : sink.messages()) {
            int i = (int) m.getQueueOffset();
            t.check(Arrays.equals(expected[i], m.getBody()), "body of " + sizes[i] + " bytes differs");
        }
    }

    private static boolean between(long low, long x, long high) {
        return low <= x && x <= high;
    }

    private static MessageExt receive(Ctx t, String topic) throws Exception {
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitCount(1, 20_000);
        return sink.messages().get(0);
    }
}
