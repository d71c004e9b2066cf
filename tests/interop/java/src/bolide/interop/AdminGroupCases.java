// SPDX-License-Identifier: Apache-2.0
//
// Administration of consumer groups: their configuration, connections, progress.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.common.MQVersion;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

public final class AdminGroupCases {
    private AdminGroupCases() {}

    @Case
    public static void a_group_is_created_listed_described_and_changed(Ctx t) throws Exception {
        String group = create(t);
        var told = t.admin().examineSubscriptionGroupConfig(t.env.brokerAddr, group);
        t.equal("name", group, told.getGroupName());
        t.equal("retry queues", 3, told.getRetryQueueNums());
        t.equal("most retries", 5, told.getRetryMaxTimes());
        t.equal("broadcasting allowed", false, told.isConsumeBroadcastEnable());
        var all = t.admin().getAllSubscriptionGroup(t.env.brokerAddr, 10_000).getSubscriptionGroupTable();
        t.check(all.containsKey(group), "the list of groups lacks it");
        told.setRetryMaxTimes(9);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, told);
        t.equal("most retries after the change", 9,
            t.admin().examineSubscriptionGroupConfig(t.env.brokerAddr, group).getRetryMaxTimes());
    }

    /** 4.x calls the flag that decides it by another name, which Apache 5.x does not read (rocketmq 9.4). */
    @Case(since = 5)
    public static void a_group_is_deleted(Ctx t) throws Exception {
        String group = create(t);
        t.admin().deleteSubscriptionGroup(t.env.brokerAddr, group, true);
        var all = t.admin().getAllSubscriptionGroup(t.env.brokerAddr, 10_000).getSubscriptionGroupTable();
        t.check(!all.containsKey(group), "the deleted group is still listed");
    }

    private static String create(Ctx t) throws Exception {
        String group = t.group();
        SubscriptionGroupConfig c = new SubscriptionGroupConfig();
        c.setGroupName(group);
        c.setRetryQueueNums(3);
        c.setRetryMaxTimes(5);
        c.setConsumeBroadcastEnable(false);
        t.admin().createAndUpdateSubscriptionGroupConfig(t.env.brokerAddr, c);
        return group;
    }

    @Case
    public static void the_connection_of_a_consumer_is_described(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        Sink sink = t.push(group, topic).tags("A || B").start();
        sink.awaitQueues(2, 15_000);
        var c = t.admin().examineConsumerConnectionInfo(group);
        t.equal("members", 1, c.getConnectionSet().size());
        var one = c.getConnectionSet().iterator().next();
        t.equal("client id", sink.clientId(), one.getClientId());
        t.equal("language", "JAVA", one.getLanguage().name());
        t.equal("version", MQVersion.CURRENT_VERSION, one.getVersion());
        t.check(one.getClientAddr().matches(".+:\\d+"), "address is " + one.getClientAddr());
        t.equal("kind", "CONSUME_PASSIVELY", c.getConsumeType().name());
        t.equal("model", "CLUSTERING", c.getMessageModel().name());
        t.equal("from where", "CONSUME_FROM_FIRST_OFFSET", c.getConsumeFromWhere().name());
        var s = c.getSubscriptionTable().get(topic);
        t.check(s != null, "subscriptions are of " + c.getSubscriptionTable().keySet());
        t.equal("expression", "A || B", s.getSubString());
        t.equal("tags", java.util.Set.of("A", "B"), s.getTagsSet());
    }

    @Case
    public static void a_group_that_is_not_online_has_no_connection(Ctx t) throws Exception {
        String topic = t.topic(1);
        String group = t.group();
        Sink sink = t.push(group, topic).start();
        sink.awaitQueues(1, 15_000);
        sink.close();
        t.refused("connections of a group that left", ResponseCode.CONSUMER_NOT_ONLINE,
            () -> t.admin().examineConsumerConnectionInfo(group));
    }

    @Case
    public static void the_connection_of_a_producer_is_described(Ctx t) throws Exception {
        String topic = t.topic(1);
        String group = t.env.unique("P_conn");
        var p = t.env.newProducer(group);
        Env.hurry(p);
        t.own(p::shutdown);
        p.start();
        p.send(new Message(topic, "x".getBytes())); // only now it knows a broker to send heartbeats to
        List<String> members = new ArrayList<>();
        t.await("the producer among the connections", 10_000, () -> {
            members.clear();
            try {
                for (var c : t.admin().examineProducerConnectionInfo(group, topic).getConnectionSet()) {
                    members.add(c.getClientId());
                }
            } catch (MQBrokerException e) {
                members.add(e.getErrorMessage());
            }
            return members.equals(List.of(p.getDefaultMQProducerImpl().getMqClientFactory().getClientId()));
        }, () -> members);
    }

    @Case
    public static void progress_of_a_group_is_told(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        Sink sink = t.push(group, topic).start();
        sink.awaitExactly(t.sendMany(topic, 2, 20, "x "), 20_000);
        sink.close();
        t.sendMany(topic, 2, 4, "y ");
        for (int q = 0; q < 2; q++) t.awaitMax(t.queue(topic, q), 12);
        var stats = t.admin().examineConsumeStats(group, topic);
        t.equal("queues", 2, stats.getOffsetTable().size());
        for (int q = 0; q < 2; q++) {
            var o = stats.getOffsetTable().get(t.queue(topic, q));
            t.equal("offset of the broker in queue " + q, 12L, o.getBrokerOffset());
            t.equal("offset of the group in queue " + q, 10L, o.getConsumerOffset());
            t.check(o.getLastTimestamp() > 0, "no time of the last consumed message");
        }
        t.equal("lag", 4L, stats.computeTotalDiff());
        var spans = t.admin().queryConsumeTimeSpan(topic, group);
        t.equal("time spans", 2, spans.size());
        for (var s : spans) {
            t.check(s.getMinTimeStamp() > 0 && s.getMinTimeStamp() <= s.getMaxTimeStamp(),
                "times of " + s.getMessageQueue() + ": " + s.getMinTimeStamp() + " to " + s.getMaxTimeStamp());
            t.check(s.getDelayTime() >= 0, "delay of " + s.getMessageQueue() + " is " + s.getDelayTime());
        }
    }

    @Case(since = 5)
    public static void the_topics_of_a_group_are_told(Ctx t) throws Exception {
        String topic = t.topic(1);
        String group = t.group();
        Sink sink = t.push(group, topic).start();
        sink.awaitExactly(t.sendMany(topic, 1, 3, "x "), 20_000);
        sink.close();
        t.check(Compat.topicsOf(t.admin(), group).contains(topic), "topics are " + Compat.topicsOf(t.admin(), group));
    }

    @Case
    public static void a_consumer_tells_its_running_state_through_the_broker(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        Sink sink = t.push(group, topic).start();
        sink.awaitQueues(2, 15_000);
        var info = t.admin().getConsumerRunningInfo(group, sink.clientId(), false);
        List<Integer> queues = info.getMqTable().keySet().stream().filter(q -> q.getTopic().equals(topic))
            .map(q -> q.getQueueId()).sorted().toList();
        t.equal("queues it says it owns", List.of(0, 1), queues);
    }
}
