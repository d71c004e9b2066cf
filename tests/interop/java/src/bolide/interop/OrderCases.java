// SPDX-License-Identifier: Apache-2.0
//
// Messages of one key, sent in order to one queue, are stored and delivered in that order.
package bolide.interop;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

public final class OrderCases {
    private static final int KEYS = 6;
    private static final int STEPS = 30;

    private OrderCases() {}

    private static void sendInOrder(Ctx t, String topic) throws Exception {
        for (int step = 0; step < STEPS; step++) {
            for (int key = 0; key < KEYS; key++) {
                SendResult r = t.producer().send(new Message(topic, (key + ":" + step).getBytes()),
                    (queues, m, k) -> queues.stream().filter(q -> q.getQueueId() == (Integer) k % queues.size())
                        .findFirst().get(), key);
                t.equal("queue of key " + key, key % 4, r.getMessageQueue().getQueueId());
            }
        }
    }

    private static void inOrder(Ctx t, String body, Map<Integer, Integer> next) {
        String[] part = body.split(":");
        int key = Integer.parseInt(part[0]), step = Integer.parseInt(part[1]);
        t.equal("step of key " + key, next.getOrDefault(key, 0), step);
        next.put(key, step + 1);
    }

    @Case
    public static void sends_are_stored_in_order_per_queue(Ctx t) throws Exception {
        String topic = t.topic(4);
        sendInOrder(t, topic);
        for (int q = 0; q < 4; q++) t.awaitMax(t.queue(topic, q), (q < 2 ? 2 : 1) * STEPS);
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        Map<Integer, Integer> next = new HashMap<>();
        int total = 0;
        for (int q = 0; q < 4; q++) {
            for (long offset = 0, expected = 0; ; ) {
                var r = c.pull(t.queue(topic, q), "*", offset, 7);
                if (r.getPullStatus() != PullStatus.FOUND) break;
                for (MessageExt m : r.getMsgFoundList()) {
                    t.equal("offset", expected++, m.getQueueOffset());
                    inOrder(t, new String(m.getBody()), next);
                    total++;
                }
                offset = r.getNextBeginOffset();
            }
        }
        t.equal("messages", KEYS * STEPS, total);
    }

    @Case
    public static void two_orderly_consumers_see_each_key_in_order(Ctx t) throws Exception {
        String topic = t.topic(4);
        String group = t.group();
        Sink a = t.push(group, topic).orderly().start();
        Sink b = t.push(group, topic).orderly().start();
        List<Sink> both = List.of(a, b);
        t.await("two queues each", 30_000, () -> PushCases.even(both, 4), () -> PushCases.owners(both));
        sendInOrder(t, topic);
        t.await("all messages", 60_000, () -> a.count() + b.count() >= KEYS * STEPS,
            () -> a.count() + " and " + b.count());
        Map<Integer, Integer> next = new HashMap<>(); // a key lives in one queue, so in one consumer
        for (Sink s : both) for (String body : s.bodies()) inOrder(t, body, next);
        t.equal("messages", KEYS * STEPS, a.count() + b.count());
    }
}
