// SPDX-License-Identifier: Apache-2.0
//
// Attributes of topics and groups: what is taken, kept, changed, and how the rest is refused.
package bolide.interop;

import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

public final class AttributeCases {
    private AttributeCases() {}

    private static void put(Ctx t, String topic, String... attributes) throws Exception {
        TopicConfig config = new TopicConfig(topic);
        config.setReadQueueNums(1);
        config.setWriteQueueNums(1);
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < attributes.length; i += 2) map.put(attributes[i], attributes[i + 1]);
        config.setAttributes(map);
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
    }

    private static Map<String, String> attributes(Ctx t, String topic) throws Exception {
        return t.admin().examineTopicConfig(t.env.brokerAddr, topic).getAttributes();
    }

    private static void refused(Ctx t, String text, int code, Ctx.Call call) throws Exception {
        try {
            call.run();
        } catch (MQClientException e) {
            t.equal("code of " + e.getErrorMessage(), code, e.getResponseCode());
            t.check(String.valueOf(e.getErrorMessage()).contains(text), "expected \"" + text + "\", got \"" + e.getErrorMessage() + "\"");
            return;
        }
        throw new AssertionError("accepted, but expected: " + text);
    }

    @Case(since = 5)
    public static void attributes_of_a_topic_are_set_changed_and_removed(Ctx t) throws Exception {
        String topic = t.unique();
        put(t, topic, "+message.type", "FIFO", "+reserve.time", "60000");
        t.equal("attributes", Map.of("message.type", "FIFO", "reserve.time", "60000"), attributes(t, topic));
        put(t, topic, "+message.type", "NORMAL", "-reserve.time", "");
        t.equal("attributes after a change", Map.of("message.type", "NORMAL"), attributes(t, topic));
        put(t, topic, "+lite.topic.expiration", "30");
        t.equal("attributes after another", Map.of("message.type", "NORMAL", "lite.topic.expiration", "30"), attributes(t, topic));
    }

    @Case(since = 5)
    public static void every_type_of_message_is_a_topics(Ctx t) throws Exception {
        for (String type : new String[] {"UNSPECIFIED", "NORMAL", "FIFO", "DELAY", "TRANSACTION", "PRIORITY", "LITE"}) {
            String topic = t.unique();
            put(t, topic, "+message.type", type);
            t.equal("attributes", Map.of("message.type", type), attributes(t, topic));
        }
        refused(t, "MIXED message type is not supported", 29, () -> put(t, t.unique(), "+message.type", "MIXED"));
    }

    @Case(since = 5)
    public static void a_wrong_attribute_of_a_new_topic_is_refused(Ctx t) throws Exception {
        String topic = t.unique();
        refused(t, "unsupported key: colour", 1, () -> put(t, topic, "+colour", "red"));
        refused(t, "value is not in set", 1, () -> put(t, topic, "+message.type", "LOUD"));
        refused(t, "value is not in range(-1, 9223372036854775807)", 1, () -> put(t, topic, "+reserve.time", "-2"));
        refused(t, "value is not in range(-1, 43200)", 1, () -> put(t, topic, "+lite.topic.expiration", "43201"));
        refused(t, "For input string: \"soon\"", 1, () -> put(t, topic, "+reserve.time", "soon"));
        refused(t, "only add attribute is supported while creating topic", 1, () -> put(t, topic, "-reserve.time", ""));
        refused(t, "add/alter attribute format is wrong", 1, () -> put(t, topic, "reserve.time", "1"));
        refused(t, "delete attribute format is wrong", 1, () -> put(t, topic, "reserve", ""));
        t.check(!t.admin().getAllTopicConfig(t.env.brokerAddr, 10_000).getTopicConfigTable().containsKey(topic), "the topic was made");
    }

    @Case(since = 5)
    public static void a_wrong_change_of_a_topics_attributes_is_refused(Ctx t) throws Exception {
        String topic = t.unique();
        put(t, topic, "+message.type", "FIFO");
        refused(t, "attempt to delete a nonexistent key: reserve.time", 1, () -> put(t, topic, "-reserve.time", ""));
        refused(t, "attempt to update an unchangeable attribute. key: queue.type", 1, () -> put(t, topic, "+queue.type", "BatchCQ"));
        refused(t, "attempt to update an unchangeable attribute. key: cleanup.policy", 1, () -> put(t, topic, "+cleanup.policy", "COMPACTION"));
        t.equal("attributes", Map.of("message.type", "FIFO"), attributes(t, topic));
    }

    private static SubscriptionGroupConfig group(String name, String... attributes) {
        SubscriptionGroupConfig config = new SubscriptionGroupConfig();
        config.setGroupName(name);
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < attributes.length; i += 2) map.put(attributes[i], attributes[i + 1]);
        config.setAttributes(map);
        return config;
    }

    @Case(since = 5)
    public static void attributes_of_a_group_are_set_changed_and_removed(Ctx t) throws Exception {
        String name = t.group();
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, group(name, "+priority.factor", "50"));
        t.equal("attributes", Map.of("priority.factor", "50"),
            t.admin().examineSubscriptionGroupConfig(t.env.brokerAddr, name).getAttributes());
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, group(name, "+priority.factor", "7"));
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, group(name));
        t.equal("attributes after a change", Map.of("priority.factor", "7"),
            t.admin().examineSubscriptionGroupConfig(t.env.brokerAddr, name).getAttributes());
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, group(name, "-priority.factor", ""));
        t.equal("attributes at last", Map.of(), t.admin().examineSubscriptionGroupConfig(t.env.brokerAddr, name).getAttributes());
    }

    @Case(since = 5)
    public static void a_wrong_attribute_of_a_group_is_refused(Ctx t) throws Exception {
        for (String[] wrong : new String[][] {{"+priority.factor", "101"}, {"+priority.factor", "x"}, {"+colour", "red"},
            {"+lite.sub.model", "Greedy"}, {"+lite.sub.reset.offset.exclusive", "maybe"}, {"-priority.factor", ""},
            {"+lite.sub.client.max.event.cnt", "9"}}) {
            refused(t, "", 1, () -> t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, group(t.group(), wrong)));
        }
    }

    @Case(since = 5)
    public static void a_topic_that_is_compacted_wants_keys(Ctx t) throws Exception {
        String topic = t.unique();
        put(t, topic, "+cleanup.policy", "COMPACTION");
        t.env.awaitRoute(topic);
        t.refused("a message without a key", 13, () -> t.producer().send(new Message(topic, "x".getBytes()), t.queue(topic, 0)));
        for (int i = 0; i < 3; i++) t.producer().send(new Message(topic, "", "key" + i % 2, ("v" + i).getBytes()), t.queue(topic, 0));
        t.awaitMax(t.queue(topic, 0), 3);
        t.push(t.group(), topic).start().awaitExactly(java.util.List.of("v0", "v1", "v2"), 20_000);
    }

    @Case(since = 5)
    public static void topics_of_clients_in_units_are_marked(Ctx t) throws Exception {
        String topic = t.unique(), group = t.group();
        var producer = t.env.newProducer(t.unique());
        producer.setUnitMode(true);
        t.own(producer::shutdown);
        producer.start();
        producer.send(new Message(topic, "x".getBytes()));
        t.env.awaitRoute(topic);
        t.equal("flag of the topic", 1, t.admin().examineTopicConfig(t.env.brokerAddr, topic).getTopicSysFlag());
        Sink.Setup setup = t.push(group, topic);
        setup.consumer.setUnitMode(true);
        Sink sink = setup.start();
        sink.awaitExactly(java.util.List.of("x"), 20_000);
        t.equal("flag of the retry topic", 2, t.admin().examineTopicConfig(t.env.brokerAddr, "%RETRY%" + group).getTopicSysFlag());
    }
}
