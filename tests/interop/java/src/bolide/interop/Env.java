// SPDX-License-Identifier: Apache-2.0
//
// What the cases share: the address of the server, one admin client and one producer. Both are
// thread-safe; everything else a case uses is its own.
package bolide.interop;

import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.remoting.protocol.route.TopicRouteData;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

public final class Env {
    /** Apart from what other runs against the same server use. */
    public final String run = Long.toString(ThreadLocalRandom.current().nextLong(36L * 36 * 36 * 36 * 36), 36);
    public final Options options;
    public final DefaultMQAdminExt admin;
    public final DefaultMQProducer producer;
    public final String cluster;
    public final String brokerName;
    public final String brokerAddr;
    private final AtomicInteger names = new AtomicInteger();

    public Env(Options options) throws Exception {
        this.options = options;
        admin = new DefaultMQAdminExt(10_000);
        admin.setNamesrvAddr(options.namesrv());
        admin.setInstanceName(unique("admin"));
        admin.start();
        var info = admin.examineBrokerClusterInfo();
        var entry = info.getBrokerAddrTable().entrySet().stream().sorted(java.util.Map.Entry.comparingByKey())
            .filter(e -> e.getValue().getBrokerAddrs().containsKey(MixAll.MASTER_ID)).findFirst()
            .orElseThrow(() -> new AssertionError("the name server knows no master broker"));
        brokerName = entry.getKey();
        brokerAddr = entry.getValue().getBrokerAddrs().get(MixAll.MASTER_ID);
        cluster = entry.getValue().getCluster();
        producer = newProducer(unique("interop_producer"));
        producer.start();
    }

    /** Not started. A failed send is never tried again, so that a count of messages means something. */
    public DefaultMQProducer newProducer(String group) {
        DefaultMQProducer p = new DefaultMQProducer(group);
        p.setNamesrvAddr(options.namesrv());
        p.setInstanceName(unique("producer"));
        p.setSendMsgTimeout(20_000);
        p.setRetryTimesWhenSendFailed(0);
        p.setRetryTimesWhenSendAsyncFailed(0);
        return p;
    }

    /**
     * Heartbeats and asks for routes each second. The client's own race needs it: when the answer to its
     * first heartbeat comes after the server's notification, the rebalance makes a new subscription
     * version but cannot send it (the heartbeat lock is taken), and every pull is refused with
     * SUBSCRIPTION_NOT_LATEST until the next heartbeat, 30 s later by default.
     */
    public static void hurry(ClientConfig c) {
        c.setHeartbeatBrokerInterval(1000);
        c.setPollNameServerInterval(1000);
    }

    public String unique(String stem) {
        return stem + "_" + run + "_" + names.incrementAndGet();
    }

    /** Creates the topic on one broker and waits until the name server gives its route. */
    public void createTopic(String topic, int queues) throws Exception {
        TopicConfig config = new TopicConfig(topic);
        config.setReadQueueNums(queues);
        config.setWriteQueueNums(queues);
        admin.createAndUpdateTopicConfig(brokerAddr, config);
        awaitRoute(topic);
    }

    public TopicRouteData awaitRoute(String topic) throws Exception {
        for (long end = System.nanoTime() + 10_000_000_000L; ; Thread.sleep(20)) {
            try {
                TopicRouteData route = admin.examineTopicRouteInfo(topic);
                if (!route.getQueueDatas().isEmpty()) return route;
            } catch (org.apache.rocketmq.client.exception.MQClientException e) {
                if (System.nanoTime() > end) throw new AssertionError("no route of " + topic + " in 10 s", e);
            }
            if (System.nanoTime() > end) throw new AssertionError("empty route of " + topic + " after 10 s");
        }
    }

    public void deleteTopic(String topic) throws Exception {
        admin.deleteTopicInBroker(Set.of(brokerAddr), topic);
        Set<String> namesrvs = Set.of(options.namesrv().split(";"));
        boolean old = options.clientMajor() < 5; // which has the two names the other way round
        admin.deleteTopicInNameServer(namesrvs, old ? topic : cluster, old ? cluster : topic);
    }

    public void close() {
        producer.shutdown();
        admin.shutdown();
    }
}
