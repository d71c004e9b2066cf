// SPDX-License-Identifier: Apache-2.0
//
// One server with the state that every command is asked about: topics, groups, messages, a producer and a
// consumer that stay connected, and a group that has committed and sleeps.
package bolide.mqadmin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.impl.consumer.DefaultMQPushConsumerImpl;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

final class Server implements AutoCloseable {
    static final int MESSAGES = 12;
    private static final int QUEUES = 4;
    private static final long WAIT_MS = 20_000;

    interface Condition {
        boolean holds() throws Exception;
    }

    final String name;
    final String namesrv;
    final String broker;
    private final Map<String, String> words = new HashMap<>();
    private final DefaultMQAdminExt admin = new DefaultMQAdminExt();
    private final DefaultMQProducer producer = new DefaultMQProducer("writers");
    private final DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("readers");
    private final Set<String> consumed = ConcurrentHashMap.newKeySet();

    Server(String name, String namesrv, Path folder) throws Exception {
        this.name = name;
        this.namesrv = namesrv;
        admin.setNamesrvAddr(namesrv);
        admin.setInstanceName("admin-" + name);
        admin.start();
        await("a broker", () -> admin.examineBrokerClusterInfo().getBrokerAddrTable().containsKey("broker-a"));
        broker = admin.examineBrokerClusterInfo().getBrokerAddrTable().get("broker-a").getBrokerAddrs().get(0L);
        makeTopicsAndGroups();
        send();
        read();
        fillWords(folder.resolve(name));
    }

    /** The arguments with what stands for this server's things filled in. */
    List<String> fill(List<String> arguments) {
        return arguments.stream().map(a -> words.getOrDefault(a, a)).toList();
    }

    String consumerId() {
        return words.get("$CONSUMER");
    }

    private void makeTopicsAndGroups() throws Exception {
        for (String topic : List.of("orders", "events", "empty")) {
            admin.createAndUpdateTopicConfig(broker, new TopicConfig(topic, QUEUES, QUEUES));
            await("the route of " + topic, () -> admin.examineTopicRouteInfo(topic) != null);
        }
        for (String group : List.of("readers", "sleepers")) {
            SubscriptionGroupConfig config = new SubscriptionGroupConfig();
            config.setGroupName(group);
            admin.createAndUpdateSubscriptionGroupConfig(broker, config);
        }
    }

    /** Message n goes to queue n % 4; they are tagged TagA and TagB in turn. */
    private void send() throws Exception {
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName("writer-" + name);
        producer.setSendMsgTimeout(10_000);
        producer.start();
        for (int i = 0; i < MESSAGES; i++) {
            String tag = i % 2 == 0 ? "TagA" : "TagB";
            Message message = new Message("orders", tag, "key-" + i + " shared", ("body " + i).getBytes());
            message.putUserProperty("color", i % 3 == 0 ? "red" : "green");
            SendResult sent = producer.send(message, new MessageQueue("orders", "broker-a", i % QUEUES));
            if (i == 5) {
                words.put("$UNIQUE", sent.getMsgId());
                words.put("$OFFSETID", sent.getOffsetMsgId());
            }
        }
        // Apache indexes a message some time after it has answered.
        await("the index of the messages", () ->
            admin.queryMessage("orders", "shared", 64, 0, Long.MAX_VALUE).getMessageList().size() == MESSAGES);
    }

    private void read() throws Exception {
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName("reader-" + name);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPersistConsumerOffsetInterval(200);
        consumer.subscribe("orders", "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(m -> consumed.add(m.getKeys()));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        await("all messages at the consumer", () -> consumed.size() == MESSAGES);
        await("the consumer's progress at the broker", () ->
            admin.examineConsumeStats("readers").getOffsetTable().values().stream().mapToLong(o -> o.getConsumerOffset()).sum()
                == MESSAGES);
        // Of itself it asks for the route of its retry topic after 30 s, on a busy machine in the midst of the cases.
        DefaultMQPushConsumerImpl inside = consumer.getDefaultMQPushConsumerImpl();
        await("the queue of retries at the consumer", () -> {
            inside.getmQClientFactory().updateTopicRouteInfoFromNameServer("%RETRY%readers");
            inside.doRebalance();
            return retries(inside).isPresent();
        });
        // Where Apache knows no offset of that empty queue, the consumer takes 0 after its first parked pull, 15 s later.
        inside.updateConsumeOffset(retries(inside).orElseThrow(), 0);
        for (int queue = 0; queue < QUEUES; queue++) {
            admin.updateConsumeOffset(broker, "sleepers", new MessageQueue("orders", "broker-a", queue), 1);
        }
    }

    private static Optional<MessageQueue> retries(DefaultMQPushConsumerImpl consumer) {
        return consumer.getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(q -> q.getTopic().equals("%RETRY%readers")).findFirst();
    }

    private void fillWords(Path folder) throws IOException {
        Files.createDirectories(folder);
        words.put("$BROKER", broker);
        words.put("$NAMESRV", namesrv);
        words.put("$NOID", "7F000001000000000000000000000000");
        words.put("$CONSUMER", consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId());
        words.put("$FOLDER", folder.toString());
        words.put("$TOPICFILE", Files.writeString(folder.resolve("topics.json"), """
            [{"topicName":"listed-1","readQueueNums":2,"writeQueueNums":2,"perm":6},
             {"topicName":"listed-2","readQueueNums":3,"writeQueueNums":3,"perm":6}]""").toString());
        words.put("$GROUPFILE", Files.writeString(folder.resolve("groups.json"), """
            [{"groupName":"listed-group","retryMaxTimes":7}]""").toString());
    }

    /** Waits until the condition holds; an exception of it means: not yet. */
    private static void await(String what, Condition condition) throws Exception {
        Exception last = null;
        for (long end = System.nanoTime() + WAIT_MS * 1_000_000; System.nanoTime() < end; Thread.sleep(20)) {
            try {
                if (condition.holds()) return;
            } catch (Exception e) {
                last = e;
            }
        }
        throw new IllegalStateException("not within " + WAIT_MS + " ms: " + what, last);
    }

    @Override
    public void close() {
        consumer.shutdown();
        producer.shutdown();
        admin.shutdown();
    }
}
