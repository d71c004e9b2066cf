// SPDX-License-Identifier: Apache-2.0
//
// Many messages of all sizes through four queues, compared byte for byte and in order.
package bolide.interop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

public final class BulkCases {
    private static final int QUEUES = 4;
    private static final int MIB = 1024 * 1024;
    private static final int IN_FLIGHT_KIB = 16 * 1024;

    private BulkCases() {}

    /** What was sent and what came, by the number of the message. */
    private static final class Ledger {
        final int count;
        final int[] crc;
        final byte[] queue;
        final long[] offset; // -1 until the server has answered
        final AtomicInteger received = new AtomicInteger();
        final AtomicReference<String> broken = new AtomicReference<>();
        final byte[] seen;

        Ledger(int count) {
            this.count = count;
            crc = new int[count];
            queue = new byte[count];
            offset = new long[count];
            Arrays.fill(offset, -1);
            seen = new byte[count];
        }

        void breaks(String why) {
            broken.compareAndSet(null, why);
        }
    }

    @Case(alone = true, timeoutSeconds = 900)
    public static void many_messages_of_all_sizes_arrive_whole_and_in_order(Ctx t) throws Exception {
        int count = t.env.options.bulk();
        String topic = t.topic(QUEUES);
        Ledger ledger = new Ledger(count);
        long start = System.nanoTime();
        long bytes = sendAll(t, topic, ledger);
        long sent = System.nanoTime();
        consumeAll(t, topic, ledger);
        long done = System.nanoTime();
        for (int q = 0; q < QUEUES; q++) {
            int queue = q;
            long inQueue = java.util.stream.IntStream.range(0, count).filter(i -> ledger.queue[i] == queue).count();
            t.equal("largest offset of queue " + q, inQueue, t.admin().maxOffset(t.queue(topic, q)));
        }
        t.note(count + " messages, " + bytes / MIB + " MiB, sent in " + (sent - start) / 1_000_000
            + " ms, consumed in " + (done - sent) / 1_000_000 + " ms");
    }

    private static long sendAll(Ctx t, String topic, Ledger ledger) throws Exception {
        DefaultMQProducer p = t.env.newProducer(t.env.unique("P_bulk"));
        p.setSendMsgTimeout(60_000);
        t.own(p::shutdown);
        p.start();
        Semaphore kib = new Semaphore(IN_FLIGHT_KIB);
        Random random = new Random(42);
        long bytes = 0;
        for (int i = 0; i < ledger.count && ledger.broken.get() == null; i++) {
            Message m = message(topic, i, ledger.count, random);
            ledger.crc[i] = crc(m);
            ledger.queue[i] = (byte) random.nextInt(QUEUES);
            bytes += m.getBody().length;
            int cost = m.getBody().length / 1024 + 4;
            kib.acquire(cost);
            p.send(m, t.queue(topic, ledger.queue[i]), callback(ledger, i, kib, cost));
        }
        kib.acquire(IN_FLIGHT_KIB); // all answered
        t.check(ledger.broken.get() == null, ledger.broken.get());
        return bytes;
    }

    private static SendCallback callback(Ledger ledger, int i, Semaphore kib, int cost) {
        return new SendCallback() {
            @Override
            public void onSuccess(SendResult r) {
                if (r.getSendStatus() != SendStatus.SEND_OK) ledger.breaks("send " + i + ": " + r.getSendStatus());
                if (r.getMessageQueue().getQueueId() != ledger.queue[i]) ledger.breaks("send " + i + ": wrong queue");
                ledger.offset[i] = r.getQueueOffset();
                kib.release(cost);
            }

            @Override
            public void onException(Throwable e) {
                ledger.breaks("send " + i + ": " + e);
                kib.release(cost);
            }
        };
    }

    private static void consumeAll(Ctx t, String topic, Ledger ledger) throws Exception {
        DefaultMQPushConsumer c = new DefaultMQPushConsumer(t.group());
        c.setNamesrvAddr(t.env.options.namesrv());
        c.setInstanceName(t.env.unique("bulk"));
        c.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        c.setConsumeThreadMin(1); // one thread keeps the order within a queue
        c.setConsumeThreadMax(1);
        c.setPullThresholdSizeForQueue(16);
        Env.hurry(c);
        c.subscribe(topic, "*");
        long[] next = new long[QUEUES];
        c.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
            for (MessageExt m : ms) receive(m, ledger, next);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        t.own(c::shutdown);
        c.start();
        int last = -1;
        long quiet = System.nanoTime();
        while (ledger.received.get() < ledger.count && ledger.broken.get() == null) {
            if (ledger.received.get() != last) {
                last = ledger.received.get();
                quiet = System.nanoTime();
            }
            t.check(System.nanoTime() - quiet < 30_000_000_000L, "nothing new for 30 s; came: " + last);
            Thread.sleep(10);
        }
        Thread.sleep(300); // time for a duplicate to show
        t.check(ledger.broken.get() == null, ledger.broken.get());
        t.equal("messages received", ledger.count, ledger.received.get());
    }

    private static void receive(MessageExt m, Ledger ledger, long[] next) {
        int i = Integer.parseInt(m.getUserProperty("n"));
        String what = "message " + i + " of " + m.getBody().length + " bytes";
        if (ledger.seen[i]++ > 0) ledger.breaks(what + " came twice");
        if (crc(m) != ledger.crc[i]) ledger.breaks(what + " came changed");
        if (m.getQueueId() != ledger.queue[i]) ledger.breaks(what + " came from another queue");
        if (m.getQueueOffset() != ledger.offset[i]) {
            ledger.breaks(what + " was answered offset " + ledger.offset[i] + ", came with " + m.getQueueOffset());
        }
        if (m.getQueueOffset() != next[m.getQueueId()]++) ledger.breaks(what + " came out of order");
        ledger.received.incrementAndGet();
    }

    private static Message message(String topic, int i, int count, Random random) {
        byte[] body = new byte[size(i, count, random)];
        if (random.nextInt(4) == 0) {
            Arrays.fill(body, (byte) i); // shrinks; over 4 KiB the client compresses it
        } else {
            random.nextBytes(body);
        }
        Message m = new Message(topic, body);
        m.putUserProperty("n", Integer.toString(i));
        m.putUserProperty("Eigenschaft-ä", "値 " + i + " 🙂".repeat(random.nextInt(4)));
        m.setTags("T" + i % 5);
        m.setKeys(List.of("ключ-" + i, "k" + i % 100));
        return m;
    }

    /** Mostly small, some up to 256 KiB, five of nearly 4 MiB: what does not compress grows a little when the client tries. */
    private static int size(int i, int count, Random random) {
        if (i % Math.max(1, count / 5) == count / 10) return 4 * MIB - 8192;
        int r = random.nextInt(1000);
        if (r < 800) return 1 + random.nextInt(512);
        if (r < 950) return 1 + random.nextInt(8 * 1024);
        if (r < 995) return 1 + random.nextInt(64 * 1024);
        return 1 + random.nextInt(256 * 1024);
    }

    private static int crc(Message m) {
        CRC32 c = new CRC32();
        c.update(m.getBody());
        for (String p : List.of("n", "Eigenschaft-ä")) c.update(m.getUserProperty(p).getBytes(StandardCharsets.UTF_8));
        c.update(m.getTags().getBytes(StandardCharsets.UTF_8));
        c.update(m.getKeys().getBytes(StandardCharsets.UTF_8));
        return (int) c.getValue();
    }
}
