// SPDX-License-Identifier: Apache-2.0
//
// The cluster of two brokers as one case uses it: a topic of its own, mqadmin, a producer, consumers that are shut down
// behind it, and checks.
package bolide.statictopics;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;
import org.apache.rocketmq.tools.command.SubCommand;
import org.apache.rocketmq.tools.command.topic.RemappingStaticTopicSubCommand;
import org.apache.rocketmq.tools.command.topic.UpdateStaticTopicSubCommand;

final class Cluster implements AutoCloseable {
    static final String A = "broker-a";
    static final String B = "broker-b";
    private static final long WAIT_MS = 30_000;
    /** How long a duplicate may take to show. */
    private static final long QUIET_MS = 1_000;

    interface Condition {
        boolean holds() throws Exception;
    }

    final String topic;
    final DefaultMQAdminExt admin;
    private final String namesrv;
    private final DefaultMQProducer producer;
    private final Deque<Runnable> behind = new ArrayDeque<>();
    private int clients;

    Cluster(String namesrv, String stem) throws Exception {
        this.namesrv = namesrv;
        topic = stem + "_" + System.currentTimeMillis();
        System.setProperty(MixAll.NAMESRV_ADDR_PROPERTY, namesrv);
        admin = new DefaultMQAdminExt(20_000);
        admin.setInstanceName(topic + "_admin");
        hurry(admin);
        admin.start();
        behind.push(admin::shutdown);
        producer = new DefaultMQProducer("writers_" + topic);
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName(topic + "_producer");
        producer.setSendMsgTimeout(20_000);
        producer.setRetryTimesWhenSendFailed(0);
        hurry(producer);
        producer.start();
        behind.push(producer::shutdown);
        await("two brokers", () -> admin.examineBrokerClusterInfo().getBrokerAddrTable().size() == 2);
    }

    private static void hurry(org.apache.rocketmq.client.ClientConfig client) {
        client.setHeartbeatBrokerInterval(1000);
        client.setPollNameServerInterval(1000);
    }

    /** mqadmin updateStaticTopic: makes the topic, or gives it more queues. */
    void make(int queues, String... brokers) throws Exception {
        command(new UpdateStaticTopicSubCommand(), "-t", topic, "-qn", String.valueOf(queues), "-b", String.join(",", brokers));
        await("a route of " + queues + " queues", () -> producer.fetchPublishMessageQueues(topic).size() == queues);
    }

    /** mqadmin remappingStaticTopic: all queues go to these brokers. */
    void move(String... brokers) throws Exception {
        command(new RemappingStaticTopicSubCommand(), "-t", topic, "-b", String.join(",", brokers));
        List<String> there = Arrays.asList(brokers);
        await("queues on " + there + " alone", () -> there.containsAll(leaders().values()));
    }

    /** Which broker has each logical queue, as name servers tell. */
    Map<Integer, String> leaders() throws Exception {
        Map<Integer, String> leaders = new TreeMap<>();
        Map<Integer, Long> epochs = new TreeMap<>();
        admin.examineTopicRouteInfo(topic).getTopicQueueMappingByBroker().forEach((broker, info) ->
            info.getCurrIdMap().keySet().forEach(id -> {
                if (epochs.getOrDefault(id, -1L) > info.getEpoch()) return;
                epochs.put(id, info.getEpoch());
                leaders.put(id, broker);
            }));
        return leaders;
    }

    private static void command(SubCommand command, String... arguments) throws Exception {
        Options options = new Options();
        options.addOption(new Option("h", "help", false, ""));
        options.addOption(new Option("n", "namesrvAddr", true, ""));
        command.buildCommandlineOptions(options);
        java.io.PrintStream terminal = System.out;
        System.setOut(new java.io.PrintStream(java.io.OutputStream.nullOutputStream()));
        try {
            command.execute(new DefaultParser().parse(options, arguments), options, null);
        } finally {
            System.setOut(terminal);
        }
    }

    MessageQueue queue(int id) throws Exception {
        return producer.fetchPublishMessageQueues(topic).stream().filter(q -> q.getQueueId() == id).findFirst()
            .orElseThrow(() -> new AssertionError("no queue " + id));
    }

    /** Asks one broker for the largest offset of a logical queue, whoever has it. */
    long askForEnd(String broker, int queue) throws Exception {
        String address = admin.examineBrokerClusterInfo().getBrokerAddrTable().get(broker).selectBrokerAddr();
        return producer.getDefaultMQProducerImpl().getMqClientFactory().getMQClientAPIImpl()
            .getMaxOffset(address, new MessageQueue(topic, broker, queue), WAIT_MS);
    }

    SendResult send(int queue, String body) throws Exception {
        return send(queue(queue), body);
    }

    SendResult send(MessageQueue queue, String body) throws Exception {
        return producer.send(new Message(topic, body.getBytes(StandardCharsets.UTF_8)), queue);
    }

    /** As send, again where the route is still that from before a move. */
    void sendUntilTaken(int queue, String body) throws Exception {
        await("a send of " + body, () -> {
            try {
                send(queue, body);
                return true;
            } catch (org.apache.rocketmq.client.exception.MQBrokerException e) {
                equal("code of the refusal", 501, e.getResponseCode());
                Thread.sleep(50);
                return false;
            }
        });
    }

    /** `count` messages to each queue, one queue after the other in turn: "QUEUE:first", "QUEUE:first+1"... */
    void sendRound(int queues, int first, int count) throws Exception {
        for (int i = first; i < first + count; i++) {
            for (int queue = 0; queue < queues; queue++) sendUntilTaken(queue, queue + ":" + i);
        }
    }

    /** What a member of a group got, by logical queue in the order of arrival. */
    final class Reader {
        private final Map<Integer, List<String>> got = new TreeMap<>();
        private final Map<Integer, List<Long>> offsets = new TreeMap<>();
        private final DefaultMQPushConsumer consumer;
        private boolean closed;

        Reader(String group) throws Exception {
            consumer = new DefaultMQPushConsumer(group);
            consumer.setNamesrvAddr(namesrv);
            consumer.setInstanceName(topic + "_reader_" + clients++);
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            consumer.setPersistConsumerOffsetInterval(500);
            hurry(consumer);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
                messages.forEach(this::add);
                return ConsumeOrderlyStatus.SUCCESS;
            });
            consumer.start();
            behind.push(this::close);
        }

        private synchronized void add(MessageExt message) {
            got.computeIfAbsent(message.getQueueId(), id -> Collections.synchronizedList(new ArrayList<>()))
                .add(new String(message.getBody(), StandardCharsets.UTF_8));
            offsets.computeIfAbsent(message.getQueueId(), id -> new ArrayList<>()).add(message.getQueueOffset());
        }

        synchronized int count() {
            return got.values().stream().mapToInt(List::size).sum();
        }

        synchronized List<Long> offsetsOf(int queue) {
            return new ArrayList<>(offsets.getOrDefault(queue, List.of()));
        }

        /** Waits for messages first..end-1 of each queue, and requires that nothing else came, each in its order. */
        void awaitRounds(int queues, int first, int end) throws Exception {
            int expected = queues * (end - first);
            await(expected + " messages", () -> count() >= expected, () -> got);
            Thread.sleep(QUIET_MS);
            Map<Integer, List<String>> wanted = new TreeMap<>();
            for (int queue = 0; queue < queues; queue++) {
                wanted.put(queue, new ArrayList<>());
                for (int i = first; i < end; i++) wanted.get(queue).add(queue + ":" + i);
            }
            synchronized (this) {
                equal("messages by queue", wanted.toString(), got.toString());
                offsets.forEach((queue, list) -> {
                    for (int i = 1; i < list.size(); i++) check(list.get(i) > list.get(i - 1), "offsets rise: " + list);
                });
            }
        }

        /** Leaves the group, with what it consumed committed. */
        synchronized void close() {
            if (closed) return;
            closed = true;
            consumer.shutdown();
        }
    }

    Reader read(String group) throws Exception {
        return new Reader(group + "_" + topic);
    }

    static void check(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }

    static void equal(String what, Object expected, Object actual) {
        check(Objects.equals(expected, actual), what + ": expected " + expected + ", got " + actual);
    }

    void await(String what, Condition condition) throws Exception {
        await(what, condition, () -> "");
    }

    void await(String what, Condition condition, java.util.function.Supplier<?> state) throws Exception {
        Exception last = null;
        for (long end = System.nanoTime() + WAIT_MS * 1_000_000; System.nanoTime() < end; Thread.sleep(20)) {
            try {
                if (condition.holds()) return;
                last = null;
            } catch (org.apache.rocketmq.client.exception.MQClientException e) {
                last = e; // there is no route yet
            }
        }
        throw new AssertionError(what + " not within " + WAIT_MS + " ms; there is " + state.get(), last);
    }

    @Override
    public void close() {
        while (!behind.isEmpty()) behind.pop().run();
    }
}
