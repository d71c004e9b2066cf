// SPDX-License-Identifier: Apache-2.0
//
// The largest message that must be taken and the smallest that must not, with the right refusal.
package bolide.interop;

import java.util.Arrays;
import java.util.Random;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.remoting.protocol.ResponseCode;

public final class LimitCases {
    private static final int LIMIT = 4 * 1024 * 1024;

    private LimitCases() {}

    @Case
    public static void a_body_of_4_mib_is_stored(Ctx t) throws Exception {
        String topic = t.topic(1);
        byte[] body = random(LIMIT);
        SendResult r = unlimited(t).send(new Message(topic, body));
        t.equal("status", SendStatus.SEND_OK, r.getSendStatus());
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitCount(1, 30_000);
        t.check(Arrays.equals(body, sink.messages().get(0).getBody()), "the body differs");
    }

    @Case
    public static void a_body_of_4_mib_and_one_byte_is_refused(Ctx t) throws Exception {
        String topic = t.topic(1);
        DefaultMQProducer p = unlimited(t);
        t.refused("4 MiB + 1", ResponseCode.MESSAGE_ILLEGAL, () -> p.send(new Message(topic, random(LIMIT + 1))));
        t.equal("offset of the next good message", 0L, p.send(new Message(topic, random(10))).getQueueOffset());
    }

    @Case
    public static void properties_over_32767_bytes_are_refused(Ctx t) throws Exception {
        String topic = t.topic(1);
        Message m = new Message(topic, "x".getBytes());
        m.putUserProperty("big", "p".repeat(33_000));
        t.refused("33,000 bytes of properties", ResponseCode.MESSAGE_ILLEGAL, () -> t.producer().send(m));
    }

    @Case
    public static void a_queue_that_does_not_exist_is_refused(Ctx t) throws Exception {
        String topic = t.topic(2);
        t.refused("queue 2 of 2", 29, () -> t.send(t.queue(topic, 2), "x"));
    }

    private static DefaultMQProducer unlimited(Ctx t) throws Exception {
        DefaultMQProducer p = t.env.newProducer(t.env.unique("P_big"));
        p.setMaxMessageSize(2 * LIMIT);
        p.setCompressMsgBodyOverHowmuch(Integer.MAX_VALUE);
        t.own(p::shutdown);
        p.start();
        return p;
    }

    private static byte[] random(int size) {
        byte[] b = new byte[size];
        new Random(size).nextBytes(b);
        return b;
    }
}
