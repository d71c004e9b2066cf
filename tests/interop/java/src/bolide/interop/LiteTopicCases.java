// SPDX-License-Identifier: Apache-2.0
//
// Lite topics: subscribing to them, popping from all of them at once, acknowledging. Needs classes of
// client 5.5; Apache's broker needs enableLmq=true and enableMultiDispatch=true.
package bolide.interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.lite.LiteSubscriptionAction;
import org.apache.rocketmq.common.lite.OffsetOption;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RequestCode;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeResponseHeader;
import org.apache.rocketmq.remoting.protocol.header.LiteSubscriptionCtlRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PopLiteMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

public final class LiteTopicCases {
    private LiteTopicCases() {}

    private static String parent(Ctx t) throws Exception {
        TopicConfig config = new TopicConfig(t.unique());
        config.setReadQueueNums(2);
        config.setWriteQueueNums(2);
        config.setAttributes(Map.of("+message.type", "LITE"));
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
        t.env.awaitRoute(config.getTopicName());
        return config.getTopicName();
    }

    private static String group(Ctx t, String parent, String... attributes) throws Exception {
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(t.group());
        Map<String, String> all = new HashMap<>(Map.of("+lite.bind.topic", parent));
        for (int i = 0; i < attributes.length; i += 2) all.put("+" + attributes[i], attributes[i + 1]);
        config.setAttributes(all);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        return config.getGroupName();
    }

    private static LiteTopicClient client(Ctx t, String... attributes) throws Exception {
        String parent = parent(t);
        return new LiteTopicClient(t, group(t, parent, attributes), parent);
    }

    /** Sends, and waits until the messages can be read. */
    private static void send(Ctx t, String parent, String liteTopic, String... bodies) throws Exception {
        long end = t.admin().maxOffset(t.queue(parent, 0));
        for (String body : bodies) {
            Message m = new Message(parent, body.getBytes());
            MessageAccessor.putProperty(m, "__LITE_TOPIC", liteTopic);
            t.producer().send(m, t.queue(parent, 0));
        }
        t.awaitMax(t.queue(parent, 0), end + bodies.length);
    }

    @Case(since = 5)
    public static void a_client_is_given_what_it_subscribes_to(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a", "b");
        send(t, c.topic, "a", "a0", "a1");
        send(t, c.topic, "c", "c0");
        LiteTopicClient.Popped p = c.awaitPop();
        t.equal("messages", List.of("a0", "a1"), p.bodies());
        t.equal("revive queue", 999, p.header().getReviveQid());
        t.equal("counts", "0;0", p.header().getOrderCountInfo());
        t.equal("offsets", List.of(0L, 1L), p.messages().stream().map(LiteTopicClient::offset).toList());
        t.equal("topic", c.topic, p.messages().get(0).getTopic());
    }

    @Case(since = 5)
    public static void one_pop_takes_from_many_lite_topics(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        for (int i = 0; i < 5; i++) send(t, c.topic, "l" + i, "m" + i);
        c.add("l0", "l1", "l2", "l3", "l4");
        Set<String> got = new TreeSet<>();
        t.await("five messages", 10_000, () -> got.addAll(c.pop().bodies()) | got.size() == 5, () -> got);
        t.equal("messages", Set.of("m0", "m1", "m2", "m3", "m4"), got);
    }

    @Case(since = 5)
    public static void a_pop_of_lite_topics_waits(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        CompletableFuture<LiteTopicClient.Popped> waiting = c.popWaiting(15_000);
        Thread.sleep(300);
        send(t, c.topic, "a", "awaited");
        t.equal("messages", List.of("awaited"), waiting.get(14, TimeUnit.SECONDS).bodies());
    }

    @Case(since = 5)
    public static void an_empty_pop_of_lite_topics_has_its_code(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        t.equal("code", 210, c.pop().code());
        long before = System.currentTimeMillis();
        t.equal("code after its time", 210, c.popWaiting(1_000).get().code());
        long ms = System.currentTimeMillis() - before;
        t.check(ms > 500 && ms < 5_000, "it came after " + ms + " ms");
    }

    @Case(since = 5)
    public static void a_lite_topic_waits_until_all_of_it_is_acknowledged(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        send(t, c.topic, "a", "a0", "a1");
        LiteTopicClient.Popped first = c.awaitPop();
        t.equal("messages", List.of("a0", "a1"), first.bodies());
        send(t, c.topic, "a", "a2");
        t.equal("code while they are held", 210, c.pop().code());
        c.ackAll(first);
        t.equal("then", List.of("a2"), c.awaitPop().bodies());
    }

    @Case(since = 5)
    public static void what_is_not_acknowledged_comes_again(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        send(t, c.topic, "a", "a0", "a1");
        c.invisibleMs = 1_000;
        t.equal("messages", List.of("a0", "a1"), c.awaitPop().bodies());
        for (int i = 1; i <= 2; i++) {
            LiteTopicClient.Popped again = c.awaitPop();
            t.equal("again", List.of("a0", "a1"), again.bodies());
            t.equal("counts", "0 qo0%0 " + i + ";0 qo0%1 " + i, again.header().getOrderCountInfo());
        }
    }

    @Case(since = 5)
    public static void a_second_acknowledgement_of_a_lite_message_is_no_error(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        send(t, c.topic, "a", "a0");
        LiteTopicClient.Popped p = c.awaitPop();
        c.ackAll(p);
        c.ackAll(p);
        t.equal("code", 210, c.pop().code());
    }

    @Case(since = 5)
    public static void wrong_acknowledgements_of_lite_messages_have_their_codes(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        send(t, c.topic, "a", "a0");
        LiteTopicClient.Popped p = c.awaitPop();
        AckMessageRequestHeader h = c.ackHeader(p, p.messages().get(0));
        h.setOffset(99L);
        t.equal("offset", 208, c.ack(h));
        h = c.ackHeader(p, p.messages().get(0));
        h.setQueueId(1);
        t.equal("queue", 29, c.ack(h));
        h = c.ackHeader(p, p.messages().get(0));
        h.setConsumerGroup(t.group());
        t.equal("group", 29, c.ack(h));
        c.ackAll(p);
    }

    @Case(since = 5)
    public static void the_time_of_a_lite_message_is_changed(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        send(t, c.topic, "a", "a0");
        LiteTopicClient.Popped p = c.awaitPop();
        RemotingCommand r = c.change(p, p.messages().get(0), 700, false);
        t.equal("code", 0, r.getCode());
        var told = (ChangeInvisibleTimeResponseHeader) r.decodeCommandCustomHeader(ChangeInvisibleTimeResponseHeader.class);
        t.equal("time of the pop", p.header().getPopTime(), told.getPopTime());
        t.equal("revive queue", 999, told.getReviveQid());
        LiteTopicClient.Popped again = c.awaitPop();
        t.equal("again", List.of("a0"), again.bodies());
        t.equal("counts", "0 qo0%0 1", again.header().getOrderCountInfo());
    }

    @Case(since = 5)
    public static void a_suspended_lite_topic_comes_again_whole(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a");
        send(t, c.topic, "a", "a0", "a1");
        LiteTopicClient.Popped p = c.awaitPop();
        for (int i = 0; i < 3; i++) {
            t.equal("messages", List.of("a0", "a1"), p.bodies());
            t.equal("counts", i == 0 ? "0;0" : "0 qo0%0 1;0 qo0%1 1", p.header().getOrderCountInfo());
            t.equal("code", 0, c.change(p, p.messages().get(0), 800, true).getCode());
            t.equal("held", 210, c.pop().code());
            p = c.awaitPop();
        }
    }

    @Case(since = 5)
    public static void lite_pops_are_refused_with_their_codes(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        PopLiteMessageRequestHeader h = c.header();
        h.setTopic(t.unique());
        t.equal("no topic", 17, c.pop(h).code());
        h.setTopic(t.topic(1));
        t.equal("a plain topic", 29, c.pop(h).code());
        h.setTopic(parent(t));
        t.equal("another parent", 29, c.pop(h).code());
        h = c.header();
        h.setMaxMsgNum(33);
        t.equal("too many", 29, c.pop(h).code());
        h = c.header();
        h.setConsumerGroup(t.group());
        t.equal("a group that is not bound", 29, c.pop(h).code());
    }

    @Case(since = 5)
    public static void lite_subscriptions_are_refused_with_their_codes(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        t.equal("no body", 604, c.call(RequestCode.LITE_SUBSCRIPTION_CTL, new LiteSubscriptionCtlRequestHeader(), null).getCode());
        t.equal("nothing in it", 604, c.call(RequestCode.LITE_SUBSCRIPTION_CTL, new LiteSubscriptionCtlRequestHeader(), "{}".getBytes()).getCode());
        t.equal("no JSON", 1, c.call(RequestCode.LITE_SUBSCRIPTION_CTL, new LiteSubscriptionCtlRequestHeader(), "{no".getBytes()).getCode());
    }

    @Case(since = 5)
    public static void a_group_that_may_not_consume_cannot_subscribe(Ctx t) throws Exception {
        String parent = parent(t);
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(t.group());
        config.setConsumeEnable(false);
        config.setAttributes(Map.of("+lite.bind.topic", parent));
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, config);
        LiteTopicClient c = new LiteTopicClient(t, config.getGroupName(), parent);
        t.equal("code", 604, c.control(LiteSubscriptionAction.PARTIAL_ADD, 0, null, "a"));
        t.equal("code of a pop", 16, c.pop().code());
    }

    @Case(since = 5)
    public static void a_whole_list_replaces_what_was_subscribed(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        c.add("a", "b");
        t.equal("code", 0, c.control(LiteSubscriptionAction.COMPLETE_ADD, 3, null, "b", "c"));
        for (String l : List.of("a", "b", "c")) send(t, c.topic, l, l);
        Set<String> got = new TreeSet<>();
        t.await("two messages", 10_000, () -> got.addAll(c.pop().bodies()) | got.size() >= 2, () -> got);
        t.equal("messages", Set.of("b", "c"), got);
        t.equal("code", 0, c.control(LiteSubscriptionAction.COMPLETE_REMOVE, 0, null));
        send(t, c.topic, "d", "d");
        t.equal("code afterwards", 210, c.pop().code());
    }

    @Case(since = 5)
    public static void a_group_begins_with_the_oldest_message(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        send(t, c.topic, "a", "a0", "a1");
        c.add("a");
        t.equal("messages", List.of("a0", "a1"), c.awaitPop().bodies());
    }

    @Case(since = 5)
    public static void a_group_begins_where_its_client_says(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        send(t, c.topic, "end", "e0", "e1");
        send(t, c.topic, "offset", "o0", "o1");
        send(t, c.topic, "first", "f0", "f1");
        c.addFrom(new OffsetOption(OffsetOption.Type.POLICY, OffsetOption.POLICY_MAX_VALUE), "end");
        t.equal("code at the end", 210, c.pop().code());
        send(t, c.topic, "end", "e2");
        t.equal("from the end", List.of("e2"), c.awaitPop().bodies());
        c.addFrom(new OffsetOption(OffsetOption.Type.OFFSET, 1), "offset");
        t.equal("from an offset", List.of("o1"), c.awaitPop().bodies());
        c.addFrom(new OffsetOption(OffsetOption.Type.POLICY, OffsetOption.POLICY_MIN_VALUE), "first");
        t.equal("from the first", List.of("f0", "f1"), c.awaitPop().bodies());
    }

    @Case(since = 5)
    public static void two_clients_of_a_group_share_a_lite_topic(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        LiteTopicClient d = new LiteTopicClient(t, c.group, c.topic);
        c.add("a");
        d.add("a");
        for (int i = 0; i < 6; i++) {
            send(t, c.topic, "a", "a" + i);
            List<String> got = new ArrayList<>();
            t.await("the message", 15_000, () -> {
                for (LiteTopicClient one : List.of(c, d)) {
                    LiteTopicClient.Popped p = one.pop();
                    got.addAll(p.bodies());
                    one.ackAll(p);
                }
                return !got.isEmpty();
            }, () -> got);
            t.equal("messages", List.of("a" + i), got);
        }
    }

    @Case(since = 5)
    public static void each_group_gets_all_of_a_lite_topic(Ctx t) throws Exception {
        LiteTopicClient c = client(t);
        LiteTopicClient d = new LiteTopicClient(t, group(t, c.topic), c.topic);
        c.add("a");
        d.add("a");
        send(t, c.topic, "a", "a0");
        t.equal("one", List.of("a0"), c.awaitPop().bodies());
        t.equal("the other", List.of("a0"), d.awaitPop().bodies());
    }

    @Case(since = 5)
    public static void an_exclusive_lite_topic_has_its_last_subscriber(Ctx t) throws Exception {
        LiteTopicClient c = client(t, "lite.sub.model", "Exclusive");
        LiteTopicClient d = new LiteTopicClient(t, c.group, c.topic);
        c.add("a", "b");
        d.add("a");
        var notice = c.awaitNotice();
        t.equal("lite topic", "a", notice.getLiteTopic());
        t.equal("group", c.group, notice.getConsumerGroup());
        t.equal("client", c.id, notice.getClientId());
        send(t, c.topic, "a", "a0");
        send(t, c.topic, "b", "b0");
        t.equal("the new one", List.of("a0"), d.awaitPop().bodies());
        t.equal("the old one", List.of("b0"), c.awaitPop().bodies());
    }

    @Case(since = 5)
    public static void an_exclusive_lite_topic_begins_anew_if_the_group_says_so(Ctx t) throws Exception {
        LiteTopicClient c = client(t, "lite.sub.model", "Exclusive", "lite.sub.reset.offset.exclusive", "true",
            "lite.sub.reset.offset.unsubscribe", "true");
        LiteTopicClient d = new LiteTopicClient(t, c.group, c.topic);
        send(t, c.topic, "a", "a0");
        c.add("a");
        c.ackAll(c.awaitPop());
        d.add("a");
        LiteTopicClient.Popped p = d.awaitPop();
        t.equal("of the new one", List.of("a0"), p.bodies());
        d.ackAll(p);
        t.equal("nothing more", 210, d.pop().code());
        d.remove("a");
        d.add("a");
        t.equal("of the same again", List.of("a0"), d.awaitPop().bodies());
    }

    @Case(since = 5)
    public static void a_wildcard_group_gets_all_lite_topics(Ctx t) throws Exception {
        LiteTopicClient c = client(t, "lite.sub.wildcard", "true");
        t.equal("code of a single one", 604, c.control(LiteSubscriptionAction.PARTIAL_ADD, 0, null, "a"));
        t.equal("code", 0, c.control(LiteSubscriptionAction.COMPLETE_ADD, 1, null));
        for (String l : List.of("a", "b")) {
            send(t, c.topic, l, l + "0");
            LiteTopicClient.Popped p = c.awaitPop();
            t.equal("messages", List.of(l + "0"), p.bodies());
            c.ackAll(p);
        }
    }
}
