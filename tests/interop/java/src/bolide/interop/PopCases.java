// SPDX-License-Identifier: Apache-2.0
//
// POP as a program sees it: push consumers whose queues the broker assigns.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageRequestMode;

public final class PopCases {
    private PopCases() {}

    private static Sink.Setup pop(Ctx t, String group, String topic) throws Exception {
        t.admin().setMessageRequestMode(t.env.brokerAddr, topic, group, MessageRequestMode.POP, 0, 10_000);
        Sink.Setup setup = t.push(group, topic);
        setup.consumer.setClientRebalance(false);
        return setup.impatient();
    }

    /** Queues that the broker has assigned for popping. */
    private static TreeSet<Integer> popQueues(Sink sink, String topic) throws Exception {
        var field = org.apache.rocketmq.client.impl.consumer.RebalanceImpl.class.getDeclaredField("popProcessQueueTable");
        field.setAccessible(true);
        TreeSet<Integer> ids = new TreeSet<>();
        for (Object q : ((Map<?, ?>) field.get(sink.consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl())).keySet()) {
            var queue = (org.apache.rocketmq.common.message.MessageQueue) q;
            if (queue.getTopic().equals(topic)) ids.add(queue.getQueueId());
        }
        return ids;
    }

    @Case(since = 5)
    public static void a_push_consumer_pops_everything_once(Ctx t) throws Exception {
        String topic = t.topic(4), group = t.group();
        Sink sink = pop(t, group, topic).start();
        t.await("the broker's assignment", 30_000, () -> popQueues(sink, topic).equals(new TreeSet<>(List.of(-1))),
            () -> sink.queues());
        sink.awaitExactly(t.sendMany(topic, 4, 100, "m"), 30_000);
    }

    @Case(since = 5)
    public static void two_consumers_pop_from_the_same_queues(Ctx t) throws Exception {
        String topic = t.topic(2), group = t.group();
        Sink a = pop(t, group, topic).start();
        Sink b = pop(t, group, topic).start();
        t.await("both assigned", 30_000, () -> popQueues(a, topic).size() == 1 && popQueues(b, topic).size() == 1,
            () -> "not yet");
        List<String> sent = new ArrayList<>();
        // Who asks first may take all there is: until both were quick once, more is sent.
        t.await("messages for both", 30_000, () -> {
            sent.addAll(t.sendMany(topic, 2, 20, "m" + sent.size() + " "));
            t.await("all messages", 20_000, () -> a.count() + b.count() >= sent.size(), () -> a.count() + " and " + b.count());
            return a.count() > 0 && b.count() > 0;
        }, () -> a.count() + " and " + b.count());
        Thread.sleep(200);
        List<String> got = new ArrayList<>(a.bodies());
        got.addAll(b.bodies());
        t.equal("messages", sent.stream().sorted().toList(), got.stream().sorted().toList());
    }

    @Case(since = 5, timeoutSeconds = 120)
    public static void a_popped_message_that_fails_comes_again(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        Sink sink = pop(t, group, topic).failFirst(1).start();
        t.send(t.queue(topic, 0), "again");
        sink.awaitCount(2, 80_000);
        List<MessageExt> got = sink.messages();
        for (int i = 0; i < 2; i++) {
            t.equal("attempts before delivery " + i, i, got.get(i).getReconsumeTimes());
            t.equal("topic", topic, got.get(i).getTopic());
        }
        t.equal("message id", got.get(0).getMsgId(), got.get(1).getMsgId());
    }

    @Case(since = 5, timeoutSeconds = 150)
    public static void the_messages_of_a_killed_consumer_come_again(Ctx t) throws Exception {
        String topic = t.topic(1), group = t.group();
        t.admin().setMessageRequestMode(t.env.brokerAddr, topic, group, MessageRequestMode.POP, 0, 10_000);
        PopClient dead = new PopClient(t, group, topic);
        Sink sink = pop(t, group, t.topic(1)).start(); // makes the group
        t.send(t.queue(topic, 0), "lost");
        dead.invisibleMs = 5_000;
        dead.popAll(1);
        dead.close();
        Sink heir = pop(t, group, topic).start();
        heir.awaitCount(1, 60_000);
        t.equal("message", List.of("lost"), heir.bodies());
        t.equal("attempts", 1, heir.messages().get(0).getReconsumeTimes());
        sink.close();
    }

    @Case(since = 5)
    public static void the_broker_assigns_queues_to_consumers_that_pull(Ctx t) throws Exception {
        String topic = t.topic(4), group = t.group();
        List<Sink> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Sink.Setup setup = t.push(group, topic);
            setup.consumer.setClientRebalance(false);
            both.add(setup.impatient().start());
        }
        t.await("two queues each", 40_000, () -> PushCases.even(both, 4), () -> PushCases.owners(both));
        List<String> sent = t.sendMany(topic, 4, 40, "m");
        t.await("all messages", 30_000, () -> both.get(0).count() + both.get(1).count() >= 40,
            () -> both.get(0).count() + " and " + both.get(1).count());
        List<String> got = new ArrayList<>(both.get(0).bodies());
        got.addAll(both.get(1).bodies());
        t.equal("messages", sent.stream().sorted().toList(), got.stream().sorted().toList());
    }

    @Case(since = 5)
    public static void the_mode_of_a_retry_topic_cannot_be_set(Ctx t) throws Exception {
        t.refused("mode of a retry topic", 16, () -> t.admin().setMessageRequestMode(t.env.brokerAddr,
            "%RETRY%" + t.group(), t.group(), MessageRequestMode.POP, 0, 10_000));
    }
}
