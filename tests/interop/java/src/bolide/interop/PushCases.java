// SPDX-License-Identifier: Apache-2.0
//
// Push consumers in clustering and broadcasting mode: who gets what when several share a topic.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.Message;

public final class PushCases {
    private PushCases() {}

    @Case
    public static void one_consumer_gets_every_message_once(Ctx t) throws Exception {
        String topic = t.topic(4);
        List<String> bodies = t.sendMany(topic, 4, 100, "early ");
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitCount(100, 20_000);
        bodies.addAll(t.sendMany(topic, 4, 100, "late "));
        sink.awaitExactly(bodies, 20_000);
    }

    @Case
    public static void three_consumers_share_one_queue(Ctx t) throws Exception {
        share(t, 3, 1);
    }

    @Case
    public static void three_consumers_share_four_queues(Ctx t) throws Exception {
        share(t, 3, 4);
    }

    @Case
    public static void four_consumers_share_sixteen_queues(Ctx t) throws Exception {
        share(t, 4, 16);
    }

    private static void share(Ctx t, int consumers, int queues) throws Exception {
        String topic = t.topic(queues);
        String group = t.group();
        List<Sink> sinks = new ArrayList<>();
        for (int i = 0; i < consumers; i++) sinks.add(t.push(group, topic).start());
        // Under 15 s: it must come from the server's notification, not from the 20 s timer of the client.
        t.await("each queue owned by one of " + consumers, 15_000, () -> even(sinks, queues), () -> owners(sinks));
        List<String> bodies = t.sendMany(topic, queues, Math.max(60, queues * 10), "m ");
        t.await("all messages", 20_000, () -> sinks.stream().mapToInt(Sink::count).sum() >= bodies.size(),
            () -> sinks.stream().map(Sink::count).toList());
        Thread.sleep(200);
        List<String> got = new ArrayList<>();
        for (Sink s : sinks) {
            got.addAll(s.bodies());
            for (MessageExt m : s.messages()) {
                t.check(s.queues().contains(m.getQueueId()), "a message of queue " + m.getQueueId()
                    + " went to a consumer that owns " + s.queues());
            }
        }
        got.sort(null);
        List<String> expected = new ArrayList<>(bodies);
        expected.sort(null);
        t.equal("messages received by all together", expected, got);
    }

    /** All queues owned, none twice, and the counts differ by at most one. */
    static boolean even(List<Sink> sinks, int queues) {
        TreeSet<Integer> all = new TreeSet<>();
        int sum = 0, least = Integer.MAX_VALUE, most = 0;
        for (Sink s : sinks) {
            var q = s.queues();
            all.addAll(q);
            sum += q.size();
            least = Math.min(least, q.size());
            most = Math.max(most, q.size());
        }
        return all.size() == queues && sum == queues && most - least <= 1;
    }

    static List<?> owners(List<Sink> sinks) {
        return sinks.stream().map(Sink::queues).toList();
    }

    @Case
    public static void broadcasting_gives_each_member_every_message(Ctx t) throws Exception {
        String topic = t.topic(4);
        String group = t.group();
        Sink a = t.push(group, topic).broadcasting(t.env.unique("b1")).start();
        Sink b = t.push(group, topic).broadcasting(t.env.unique("b2")).start();
        a.awaitQueues(4, 15_000);
        b.awaitQueues(4, 15_000);
        List<String> bodies = t.sendMany(topic, 4, 40, "b ");
        a.awaitExactly(bodies, 20_000);
        b.awaitExactly(bodies, 20_000);
    }

    @Case
    public static void a_broadcasting_member_continues_where_it_stopped(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        String instance = t.env.unique("b");
        Sink first = t.push(group, topic).broadcasting(instance).start();
        first.awaitQueues(2, 15_000);
        first.awaitExactly(t.sendMany(topic, 2, 10, "first "), 20_000);
        first.close();
        List<String> later = t.sendMany(topic, 2, 10, "later ");
        t.push(group, topic).broadcasting(instance).start().awaitExactly(later, 20_000);
    }

    @Case
    public static void a_failed_message_comes_back_through_the_retry_topic(Ctx t) throws Exception {
        String topic = t.topic(1);
        String group = t.group();
        Sink sink = t.push(group, topic).failFirst(1).impatient().start();
        sink.awaitQueues(1, 15_000);
        String id = t.send(t.queue(topic, 0), "again").getMsgId();
        sink.awaitCount(2, 75_000);
        MessageExt again = sink.messages().get(1);
        t.equal("message id", id, again.getMsgId());
        t.equal("topic the listener sees", topic, again.getTopic());
        t.equal("reconsume times", 1, again.getReconsumeTimes());
    }

    @Case(alone = true)
    public static void a_parked_push_consumer_gets_a_message_at_once(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).start();
        sink.awaitQueues(1, 15_000);
        List<Double> ms = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            Thread.sleep(30); // the consumer is parked again
            int before = sink.count();
            long start = System.nanoTime();
            t.producer().send(new Message(topic, ("p" + i).getBytes()));
            while (sink.count() == before && System.nanoTime() - start < 10_000_000_000L) Thread.onSpinWait();
            t.check(sink.count() > before, "message " + i + " did not arrive in 10 s");
            if (i >= 4) ms.add((System.nanoTime() - start) / 1e6);
        }
        PullCases.latency(t, ms);
    }
}
