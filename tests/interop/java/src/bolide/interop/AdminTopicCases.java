// SPDX-License-Identifier: Apache-2.0
//
// Administration of topics, name server and broker through Apache's admin client.
package bolide.interop;

import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.ResponseCode;

public final class AdminTopicCases {
    private AdminTopicCases() {}

    @Case
    public static void a_topic_is_created_listed_described_changed_and_deleted(Ctx t) throws Exception {
        String topic = t.unique();
        TopicConfig c = new TopicConfig(topic);
        c.setReadQueueNums(3);
        c.setWriteQueueNums(2);
        c.setPerm(6);
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, c);
        var route = t.env.awaitRoute(topic);
        t.equal("read queues in the route", 3, route.getQueueDatas().get(0).getReadQueueNums());
        t.equal("write queues in the route", 2, route.getQueueDatas().get(0).getWriteQueueNums());
        t.equal("permission in the route", 6, route.getQueueDatas().get(0).getPerm());
        t.equal("broker in the route", t.env.brokerName, route.getQueueDatas().get(0).getBrokerName());
        t.equal("address in the route", t.env.brokerAddr, route.getBrokerDatas().get(0).getBrokerAddrs().get(0L));
        t.equal("cluster in the route", t.env.cluster, route.getBrokerDatas().get(0).getCluster());
        t.check(t.admin().fetchAllTopicList().getTopicList().contains(topic), "the list of topics lacks it");
        t.check(t.admin().getTopicClusterList(topic).contains(t.env.cluster), "its clusters lack " + t.env.cluster);
        TopicConfig told = t.admin().examineTopicConfig(t.env.brokerAddr, topic);
        t.equal("name", topic, told.getTopicName());
        t.equal("read queues", 3, told.getReadQueueNums());
        t.equal("write queues", 2, told.getWriteQueueNums());

        c.setWriteQueueNums(5);
        c.setReadQueueNums(5);
        c.setPerm(4);
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, c);
        t.await("the change in the route", 10_000, () -> {
            var q = t.admin().examineTopicRouteInfo(topic).getQueueDatas().get(0);
            return q.getWriteQueueNums() == 5 && q.getPerm() == 4;
        }, () -> "the old one");
        t.env.deleteTopic(topic);
        t.refused("the route of a deleted topic", ResponseCode.TOPIC_NOT_EXIST,
            () -> t.admin().examineTopicRouteInfo(topic));
        t.check(!t.admin().fetchAllTopicList().getTopicList().contains(topic), "the deleted topic is still listed");
    }

    @Case
    public static void a_deleted_topic_comes_back_empty(Ctx t) throws Exception {
        String topic = t.topic(1);
        MessageQueue q = t.queue(topic, 0);
        t.send(q, "old");
        t.env.deleteTopic(topic);
        t.env.createTopic(topic, 1);
        // Where it starts again is the server's affair (Apache: at 0); that nothing old is there is not.
        long first = t.send(q, "new").getQueueOffset();
        t.equal("smallest offset of the new topic", first, t.admin().minOffset(q));
    }

    @Case
    public static void the_route_of_an_unknown_topic_is_refused(Ctx t) throws Exception {
        t.refused("the route of an unknown topic", ResponseCode.TOPIC_NOT_EXIST,
            () -> t.admin().examineTopicRouteInfo(t.unique()));
    }

    @Case
    public static void topic_stats_tell_the_bounds_of_each_queue(Ctx t) throws Exception {
        String topic = t.topic(3);
        t.sendMany(topic, 2, 9, "x ");
        t.awaitMax(t.queue(topic, 0), 5);
        t.awaitMax(t.queue(topic, 1), 4);
        var table = t.admin().examineTopicStats(topic).getOffsetTable();
        t.equal("queues", 3, table.size());
        long[] expected = {5, 4, 0};
        for (int i = 0; i < 3; i++) {
            var o = table.get(t.queue(topic, i));
            t.check(o != null, "no row for queue " + i + " in " + table.keySet());
            t.equal("smallest offset of queue " + i, 0L, o.getMinOffset());
            t.equal("largest offset of queue " + i, expected[i], o.getMaxOffset());
            long age = System.currentTimeMillis() - o.getLastUpdateTimestamp();
            t.check(i == 2 ? o.getLastUpdateTimestamp() <= 0 : age > -2000 && age < 60_000,
                "last update of queue " + i + " was at " + o.getLastUpdateTimestamp());
        }
    }

    @Case
    public static void the_cluster_is_described(Ctx t) throws Exception {
        var info = t.admin().examineBrokerClusterInfo();
        t.check(info.getClusterAddrTable().get(t.env.cluster).contains(t.env.brokerName), "the broker is not listed");
        var data = info.getBrokerAddrTable().get(t.env.brokerName);
        t.equal("name", t.env.brokerName, data.getBrokerName());
        t.equal("address", t.env.brokerAddr, data.getBrokerAddrs().get(0L));
        t.check(t.admin().fetchAllTopicList().getTopicList().contains("TBW102"), "no TBW102 among the topics");
    }

    @Case
    public static void the_broker_tells_its_state(Ctx t) throws Exception {
        String topic = t.topic(1);
        t.sendMany(topic, 1, 5, "x ");
        var table = t.admin().fetchBrokerRuntimeStats(t.env.brokerAddr).getTable();
        for (String key : new String[] {"brokerVersionDesc", "bootTimestamp", "putTps", "getTransferredTps",
            "msgPutTotalTodayNow", "msgGetTotalTodayNow", "commitLogMinOffset", "commitLogMaxOffset", "runtime"}) {
            t.check(table.get(key) != null && !table.get(key).isEmpty(), "no " + key + " in " + table.keySet());
        }
        t.check(Long.parseLong(table.get("commitLogMaxOffset")) > 0, "commitLogMaxOffset is 0");
        var config = t.admin().getBrokerConfig(t.env.brokerAddr);
        t.equal("brokerName of its configuration", t.env.brokerName, config.getProperty("brokerName"));
    }

    @Case
    public static void kv_configuration_is_put_got_listed_and_deleted(Ctx t) throws Exception {
        String space = t.env.unique("NS"), text = "väl\"ue: {1}";
        t.admin().createAndUpdateKvConfig(space, "k1", text);
        t.admin().createAndUpdateKvConfig(space, "k2", "two");
        t.equal("k1", text, t.admin().getKVConfig(space, "k1"));
        t.equal("list", 2, t.admin().getKVListByNamespace(space).getTable().size());
        t.equal("k2 in the list", "two", t.admin().getKVListByNamespace(space).getTable().get("k2"));
        t.admin().deleteKvConfig(space, "k1");
        t.refused("a deleted key", ResponseCode.QUERY_NOT_FOUND, () -> t.admin().getKVConfig(space, "k1"));
        t.equal("k2 afterwards", "two", t.admin().getKVConfig(space, "k2"));
        t.admin().deleteKvConfig(space, "k2");
    }
}
