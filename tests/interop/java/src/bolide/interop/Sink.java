// SPDX-License-Identifier: Apache-2.0
//
// A push consumer that keeps what it gets. Built through Ctx.push(group, topic), shut down with the
// case. Received messages are kept in the order of arrival.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.consumer.store.OffsetStore;
import org.apache.rocketmq.client.consumer.store.ReadOffsetType;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;

public final class Sink implements AutoCloseable {
    public static final class Setup {
        private final Ctx ctx;
        private final String topic;
        public final DefaultMQPushConsumer consumer;
        private String expression = "*";
        private MessageSelector selector; // instead of the expression
        private boolean orderly;
        private int failures;
        private boolean impatient;

        Setup(Ctx ctx, String group, String topic) {
            this.ctx = ctx;
            this.topic = topic;
            consumer = new DefaultMQPushConsumer(group);
            consumer.setNamesrvAddr(ctx.env.options.namesrv());
            consumer.setInstanceName(ctx.env.unique("c"));
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            consumer.setConsumeThreadMin(2);
            consumer.setConsumeThreadMax(2);
            Env.hurry(consumer);
        }

        public String topic() {
            return topic;
        }

        public Setup tags(String e) {
            expression = e;
            return this;
        }

        public Setup sql(String e) {
            selector = MessageSelector.bySql(e);
            return this;
        }

        public Setup orderly() {
            orderly = true;
            return this;
        }

        /** Answers the first n deliveries with "again, soon". */
        public Setup failFirst(int n) {
            failures = n;
            return this;
        }

        /** Rebalances each second instead of each 20 s, where waiting for that is not the matter of the case. */
        public Setup impatient() {
            impatient = true;
            return this;
        }

        public Setup broadcasting(String instance) {
            consumer.setMessageModel(MessageModel.BROADCASTING);
            consumer.setInstanceName(instance);
            return this;
        }

        public Setup from(ConsumeFromWhere where) {
            consumer.setConsumeFromWhere(where);
            return this;
        }

        public Sink start() throws Exception {
            Sink sink = new Sink(ctx, topic, consumer);
            if (selector == null) {
                consumer.subscribe(topic, expression);
            } else {
                consumer.subscribe(topic, selector);
            }
            if (orderly) {
                consumer.registerMessageListener((MessageListenerOrderly) (ms, x) -> {
                    sink.add(ms);
                    return ConsumeOrderlyStatus.SUCCESS;
                });
            } else {
                consumer.registerMessageListener((MessageListenerConcurrently) (ms, x) -> {
                    sink.add(ms);
                    if (sink.count() <= failures) {
                        x.setDelayLevelWhenNextConsume(1);
                        return ConsumeConcurrentlyStatus.RECONSUME_LATER;
                    }
                    return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
                });
            }
            ctx.own(sink);
            consumer.start();
            if (impatient) sink.rebalanceEachSecond();
            return sink;
        }
    }

    private final Ctx ctx;
    private final String topic;
    public final DefaultMQPushConsumer consumer;
    private final List<MessageExt> got = new ArrayList<>();
    private volatile boolean closed;

    private Sink(Ctx ctx, String topic, DefaultMQPushConsumer consumer) {
        this.ctx = ctx;
        this.topic = topic;
        this.consumer = consumer;
    }

    private void rebalanceEachSecond() {
        Thread thread = new Thread(() -> {
            while (!closed) {
                consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().rebalanceImmediately();
                LockSupport.parkNanos(1_000_000_000L);
            }
        }, "impatient");
        thread.setDaemon(true);
        thread.start();
    }

    private synchronized void add(List<MessageExt> messages) {
        got.addAll(messages);
    }

    public synchronized List<MessageExt> messages() {
        return new ArrayList<>(got);
    }

    public synchronized int count() {
        return got.size();
    }

    public List<String> bodies() {
        return messages().stream().map(m -> new String(m.getBody(), java.nio.charset.StandardCharsets.UTF_8))
            .collect(Collectors.toList());
    }

    /** Queues of the topic that this member of the group owns now. */
    public Set<Integer> queues() {
        return consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(q -> q.getTopic().equals(topic)).map(q -> q.getQueueId())
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Messages of these queues that the client will commit as consumed: it notes that after the listener has returned. */
    public long confirmed() {
        OffsetStore offsets = consumer.getDefaultMQPushConsumerImpl().getOffsetStore();
        return consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet().stream()
            .filter(q -> q.getTopic().equals(topic))
            .mapToLong(q -> Math.max(0, offsets.readOffset(q, ReadOffsetType.READ_FROM_MEMORY))).sum();
    }

    public String clientId() {
        return consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId();
    }

    public void awaitCount(int n, long ms) throws Exception {
        ctx.await(n + " messages", ms, () -> count() >= n, () -> count() + ": " + bodies());
    }

    /** Waits for these bodies, in any order, and then requires that nothing else came. */
    public void awaitExactly(List<String> expected, long ms) throws Exception {
        awaitCount(expected.size(), ms);
        Thread.sleep(200); // time for a duplicate to show
        List<String> a = new ArrayList<>(expected), b = bodies();
        a.sort(null);
        b.sort(null);
        ctx.equal("messages received", a, b);
    }

    public void awaitQueues(int n, long ms) throws Exception {
        ctx.await("ownership of " + n + " queues", ms, () -> queues().size() == n, this::queues);
    }

    @Override
    public synchronized void close() {
        if (closed) return;
        closed = true;
        consumer.shutdown();
    }
}
