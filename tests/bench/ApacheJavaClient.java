// SPDX-License-Identifier: Apache-2.0
//
// The load of client_speed (see bolide_client.cc) by Apache's Java client.
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;

public final class ApacheJavaClient {
    static final int BODY_BYTES = 1024;
    static volatile long cpuBegin, begin;

    public static void main(String[] args) throws Exception {
        String nameServers = args[1], topic = args[2];
        long count = Long.parseLong(args[3]), warmUp = Long.parseLong(args[4]);
        if (args[0].equals("send")) {
            DefaultMQProducer producer = new DefaultMQProducer("client_speed");
            producer.setNamesrvAddr(nameServers);
            producer.setSendMsgTimeout(60_000);
            producer.setMqClientApiTimeout(60_000);
            producer.start();
            send(producer, topic, warmUp, Integer.parseInt(args[5]));
            mark();
            send(producer, topic, count, Integer.parseInt(args[5]));
        } else {
            consume(nameServers, topic, count, warmUp);
        }
        System.out.printf("%f %f%n", (cpu() - cpuBegin) / 1e9, (System.nanoTime() - begin) / 1e9);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    static void send(DefaultMQProducer producer, String topic, long count, int inFlight) throws Exception {
        Semaphore room = new Semaphore(inFlight);
        SendCallback callback = new SendCallback() {
            @Override public void onSuccess(SendResult result) {
                room.release();
            }
            @Override public void onException(Throwable why) {
                fail(why.toString());
            }
        };
        for (long i = 0; i < count; i++) {
            room.acquire();
            byte[] body = new byte[BODY_BYTES];
            java.util.Arrays.fill(body, (byte) 'x');
            producer.send(new Message(topic, body), callback);
        }
        room.acquire(inFlight);
    }

    static void consume(String nameServers, String topic, long count, long warmUp) throws Exception {
        AtomicLong seen = new AtomicLong();
        CountDownLatch all = new CountDownLatch(1);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("readers-of-" + topic);
        consumer.setNamesrvAddr(nameServers);
        consumer.setMqClientApiTimeout(60_000);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (var message : messages) {
                if (message.getBody().length != BODY_BYTES) fail("a message of another size");
                long number = seen.incrementAndGet();
                if (number == warmUp) mark();
                if (number == warmUp + count) all.countDown();
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        all.await();
    }

    static void mark() {
        cpuBegin = cpu();
        begin = System.nanoTime();
    }

    static long cpu() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    static void fail(String what) {
        System.err.println(what);
        Runtime.getRuntime().halt(1);
    }
}
