// SPDX-License-Identifier: Apache-2.0
//
// POP, call by call: what is given, to whom, until when, and how each call is answered.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.AckResult;
import org.apache.rocketmq.client.consumer.AckStatus;
import org.apache.rocketmq.client.consumer.PopResult;
import org.apache.rocketmq.client.consumer.PopStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

public final class PopCallCases {
    private PopCallCases() {}

    private static List<String> bodies(List<MessageExt> messages) {
        return messages.stream().map(m -> new String(m.getBody())).toList();
    }

    private static PopClient client(Ctx t, String topic) throws Exception {
        String group = t.group();
        var config = new org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig();
        config.setGroupName(group);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        return new PopClient(t, group, topic);
    }

    @Case(since = 5)
    public static void each_message_is_popped_once(Ctx t) throws Exception {
        String topic = t.topic(4);
        PopClient pops = client(t, topic);
        List<String> sent = t.sendMany(topic, 4, 40, "m");
        List<MessageExt> got = pops.popAll(40);
        t.equal("messages", sent.stream().sorted().toList(), bodies(got).stream().sorted().toList());
        for (MessageExt m : got) {
            t.equal("topic", topic, m.getTopic());
            t.equal("attempts", 0, m.getReconsumeTimes());
            t.equal("fields of the receipt of " + m, 8, PopClient.receipt(m).split(" ").length);
            t.equal("status of the ack", AckStatus.OK, pops.ack(m).getStatus());
        }
        t.equal("pop after all", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
    }

    @Case(since = 5)
    public static void a_pop_waits_for_a_message(Ctx t) throws Exception {
        String topic = t.topic(2);
        PopClient pops = client(t, topic);
        pops.pollMs = 10_000;
        CompletableFuture<PopResult> waiting = pops.popAsync();
        t.await("one pop that waits", 5_000, () -> "1".equals(pops.call(200055, "consumerGroup", pops.group, "topic", topic,
            "queueId", -1).getExtFields().get("pollingNum")), () -> "another number");
        t.send(t.queue(topic, 1), "awaited");
        PopResult result = waiting.get(8, TimeUnit.SECONDS);
        t.equal("messages", List.of("awaited"), bodies(result.getMsgFoundList()));
        pops.pollMs = 1_000;
        long start = System.nanoTime();
        t.equal("pop of an empty topic", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
        long ms = (System.nanoTime() - start) / 1_000_000;
        t.check(ms >= 800 && ms < 8_000, "it waited " + ms + " ms");
    }

    @Case(since = 5)
    public static void a_message_that_nobody_acknowledges_comes_again(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        t.send(t.queue(topic, 0), "a");
        t.send(t.queue(topic, 0), "b");
        pops.invisibleMs = 2_000;
        List<MessageExt> first = pops.popAll(2);
        t.equal("ack", AckStatus.OK, pops.ack(first.get(0)).getStatus());
        pops.pollMs = 5_000;
        List<MessageExt> again = pops.popAll(1);
        t.equal("what comes again", List.of(new String(first.get(1).getBody())), bodies(again));
        t.equal("attempts", 1, again.get(0).getReconsumeTimes());
        t.equal("message id", first.get(1).getMsgId(), again.get(0).getMsgId());
        t.equal("topic", topic, again.get(0).getTopic());
        t.equal("ack of the second delivery", AckStatus.OK, pops.ack(again.get(0)).getStatus());
        pops.pollMs = 4_000;
        t.equal("pop after all", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
    }

    @Case(since = 5)
    public static void the_invisible_time_can_be_changed(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        t.send(t.queue(topic, 0), "short");
        t.send(t.queue(topic, 0), "long");
        pops.invisibleMs = 6_000;
        List<MessageExt> got = pops.popAll(2);
        AckResult sooner = pops.change(got.get(0), 1_500);
        AckResult later = pops.change(got.get(1), 40_000);
        t.equal("status", AckStatus.OK, sooner.getStatus());
        t.equal("status", AckStatus.OK, later.getStatus());
        t.check(later.getPopTime() > 0, "no pop time in the answer");
        long start = System.nanoTime();
        pops.pollMs = 3_000;
        List<MessageExt> again = pops.popAll(1);
        long ms = (System.nanoTime() - start) / 1_000_000;
        t.equal("what comes sooner", List.of("short"), bodies(again));
        t.note("after " + ms + " ms");
        t.equal("ack", AckStatus.OK, pops.ack(again.get(0)).getStatus());
        pops.pollMs = 6_000;
        t.equal("the other in the meantime", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
        got.get(1).getProperties().put("POP_CK", later.getExtraInfo());
        t.equal("ack with the new receipt", AckStatus.OK, pops.ack(got.get(1)).getStatus());
    }

    @Case(since = 5)
    public static void many_are_acknowledged_at_once(Ctx t) throws Exception {
        String topic = t.topic(2);
        PopClient pops = client(t, topic);
        t.sendMany(topic, 2, 20, "m");
        pops.invisibleMs = 3_000;
        List<MessageExt> got = pops.popAll(20);
        MessageExt kept = got.remove(7);
        t.equal("ack", AckStatus.OK, pops.ackTogether(got).getStatus());
        pops.pollMs = 8_000;
        t.equal("what comes again", List.of(new String(kept.getBody())), bodies(pops.popAll(1)));
    }

    @Case(since = 5)
    public static void a_notification_tells_of_messages_and_takes_none(Ctx t) throws Exception {
        String topic = t.topic(2);
        PopClient pops = client(t, topic);
        t.equal("nothing there", false, pops.notified(0));
        CompletableFuture<Boolean> told = CompletableFuture.supplyAsync(() -> {
            try {
                return pops.notified(10_000);
            } catch (Exception e) {
                throw new RuntimeException(e);
            }
        });
        t.send(t.queue(topic, 0), "m");
        t.equal("told", true, told.get(12, TimeUnit.SECONDS));
        t.await("a message to be seen", 5_000, () -> pops.notified(0), () -> "none");
        t.equal("message", List.of("m"), bodies(pops.popAll(1)));
        t.equal("told of a message that was given", false, pops.notified(0));
    }

    @Case(since = 5)
    public static void a_peek_changes_nothing(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        RemotingCommand none = pops.call(200052, "consumerGroup", pops.group, "topic", topic, "queueId", -1, "maxMsgNums", 8);
        t.equal("code of an empty peek", 19, none.getCode());
        t.send(t.queue(topic, 0), "m");
        for (int i = 0; i < 2; i++) {
            t.await("a message", 5_000, () -> pops.call(200052, "consumerGroup", pops.group, "topic", topic, "queueId", -1,
                "maxMsgNums", 8).getCode() == 0, () -> "none");
        }
        t.equal("message", List.of("m"), bodies(pops.popAll(1)));
    }

    @Case(since = 5)
    public static void only_messages_with_the_tag_are_popped(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        pops.tags = "red || green";
        for (String tag : List.of("red", "blue", "green", "blue"))
            t.producer().send(new Message(topic, tag, tag.getBytes()), t.queue(topic, 0));
        List<MessageExt> got = pops.popAll(2);
        t.equal("messages", List.of("red", "green"), bodies(got));
        for (MessageExt m : got) pops.ack(m);
        t.equal("pop after all", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
    }

    @Case(since = 5)
    public static void in_order_a_queue_waits_for_what_it_gave(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        for (int i = 0; i < 6; i++) t.send(t.queue(topic, 0), "m" + i);
        t.awaitMax(t.queue(topic, 0), 6);
        pops.queue = 0;
        pops.order = true;
        pops.batch = 3;
        pops.invisibleMs = 20_000;
        List<MessageExt> first = pops.popAll(3);
        t.equal("first", List.of("m0", "m1", "m2"), bodies(first));
        t.equal("while they are held", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
        pops.ack(first.get(1));
        pops.ack(first.get(2));
        t.equal("while one is held", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
        pops.ack(first.get(0));
        List<MessageExt> second = pops.popAll(3);
        t.equal("second", List.of("m3", "m4", "m5"), bodies(second));
        t.equal("given back", AckStatus.OK, pops.change(second.get(0), 500).getStatus());
        pops.ack(second.get(1));
        pops.ack(second.get(2));
        pops.pollMs = 3_000;
        MessageExt again = pops.popAll(1).get(0);
        t.equal("what was given back comes first", "m3", new String(again.getBody()));
        t.equal("attempts", 1, again.getReconsumeTimes());
    }

    @Case(since = 5)
    public static void the_same_attempt_is_given_the_same(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        for (int i = 0; i < 2; i++) t.send(t.queue(topic, 0), "m" + i);
        t.awaitMax(t.queue(topic, 0), 2);
        pops.queue = 0;
        pops.order = true;
        pops.attempt = "one";
        t.equal("first", List.of("m0", "m1"), bodies(pops.popAll(2)));
        t.equal("again", List.of("m0", "m1"), bodies(pops.popAll(2)));
        pops.attempt = "two";
        t.equal("another", PopStatus.POLLING_NOT_FOUND, pops.pop().getPopStatus());
    }

    @Case(since = 5)
    public static void answers_to_what_cannot_be(Ctx t) throws Exception {
        String topic = t.topic(1);
        PopClient pops = client(t, topic);
        t.send(t.queue(topic, 0), "m");
        MessageExt m = pops.popAll(1).get(0);
        String receipt = PopClient.receipt(m);
        Object[] pop = {"consumerGroup", pops.group, "topic", topic, "queueId", 0, "maxMsgNums", 1, "invisibleTime", 10_000,
            "pollTime", 0, "bornTime", System.currentTimeMillis(), "initMode", 0};
        t.equal("pop", 210, pops.call(200050, pop).getCode());
        t.equal("more than 32", 29, pops.call(200050, with(pop, "maxMsgNums", 33)).getCode());
        t.equal("unknown topic", 17, pops.call(200050, with(pop, "topic", t.unique())).getCode());
        t.equal("queue out of range", 29, pops.call(200050, with(pop, "queueId", 9)).getCode());
        t.equal("bad expression", 23, pops.call(200050, with(with(pop, "exp", "||"), "expType", "TAG")).getCode());
        t.equal("far too late", 210, pops.call(200050, with(with(pop, "pollTime", 1), "bornTime", 1)).getCode());
        Object[] ack = {"consumerGroup", pops.group, "topic", topic, "queueId", 0, "offset", 0, "extraInfo", receipt};
        t.equal("ack beyond the end", 208, pops.call(200051, with(ack, "offset", 99)).getCode());
        t.equal("ack of an unknown topic", 17, pops.call(200051, with(ack, "topic", t.unique())).getCode());
        t.equal("ack of another queue", 13, pops.call(200051, with(ack, "queueId", 9)).getCode());
        t.equal("ack without a receipt", 1, pops.call(200051, with(ack, "extraInfo", "no receipt")).getCode());
        Object[] change = with(ack, "invisibleTime", 5_000);
        t.equal("change beyond the end", 208, pops.call(200053, with(change, "offset", 99)).getCode());
        t.equal("change of another queue", 13, pops.call(200053, with(change, "queueId", 9)).getCode());
        t.equal("batch of nothing", 208, pops.call(200151).getCode());
        t.equal("ack", 0, pops.call(200051, ack).getCode());
        t.equal("ack again", 0, pops.call(200051, ack).getCode());
        t.equal("change of what is done", 0, pops.call(200053, change).getCode());
    }

    private static Object[] with(Object[] fields, String name, Object value) {
        List<Object> list = new ArrayList<>(List.of(fields));
        int at = list.indexOf(name);
        if (at >= 0) list.set(at + 1, value);
        else list.addAll(List.of(name, value));
        return list.toArray();
    }
}
