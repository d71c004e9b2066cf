// SPDX-License-Identifier: Apache-2.0
//
// Light queues: one message in many queues, without topics. Apache's broker needs enableLmq=true and
// enableMultiDispatch=true.
package bolide.interop;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageAccessor;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

public final class LmqCases {
    private LmqCases() {}

    private static final String NAMES = "INNER_MULTI_DISPATCH";

    private static String light(Ctx t, String name) {
        return "%LMQ%" + name + t.unique();
    }

    private static SendResult send(Ctx t, MessageQueue to, String body, String tag, String lights) throws Exception {
        Message m = new Message(to.getTopic(), tag, body.getBytes());
        MessageAccessor.putProperty(m, NAMES, lights);
        SendResult r = t.producer().send(m, to);
        t.equal("status of the send", SendStatus.SEND_OK, r.getSendStatus());
        return r;
    }

    /** Knows the broker by the topic, for a light queue has no route. */
    private static DefaultMQPullConsumer consumer(Ctx t, String topic) throws Exception {
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        c.maxOffset(t.queue(topic, 0));
        return c;
    }

    private static void awaitMax(Ctx t, DefaultMQPullConsumer c, MessageQueue q, long offset) throws Exception {
        t.await("largest offset " + offset, 5_000, () -> c.maxOffset(q) == offset, () -> "another");
    }

    private static List<String> bodies(PullResult r) {
        return r.getMsgFoundList().stream().map(m -> new String(m.getBody())).toList();
    }

    @Case
    public static void a_message_is_in_each_light_queue_that_it_names(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(2), 1);
        String x = light(t, "x"), y = light(t, "y");
        send(t, q, "a", "", x);
        send(t, q, "b", "", x + "," + y);
        t.send(q, "c");
        send(t, q, "d", "", y);
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        awaitMax(t, c, t.queue(y, 0), 2);
        t.awaitMax(q, 4);
        t.equal("its topic", List.of("a", "b", "c", "d"), bodies(c.pull(q, "*", 0, 32)));
        PullResult r = c.pull(t.queue(x, 0), "*", 0, 32);
        t.equal("the first", List.of("a", "b"), bodies(r));
        t.equal("topic of what is there", q.getTopic(), r.getMsgFoundList().get(0).getTopic());
        t.equal("next offset", 2L, r.getNextBeginOffset());
        t.equal("the second from 1", List.of("d"), bodies(c.pull(t.queue(y, 0), "*", 1, 32)));
    }

    @Case
    public static void a_stored_message_tells_its_offsets_in_light_queues(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        String x = light(t, "x"), y = light(t, "y");
        send(t, q, "a", "", x);
        send(t, q, "b", "", y + "," + x);
        t.awaitMax(q, 2);
        MessageExt m = consumer(t, q.getTopic()).pull(q, "*", 1, 1).getMsgFoundList().get(0);
        t.equal("offsets", "0,1", m.getProperty("INNER_MULTI_QUEUE_OFFSET"));
        t.equal("names", y + "," + x, m.getProperty(NAMES));
        t.equal("offset in its topic", 1L, m.getQueueOffset());
    }

    @Case
    public static void a_light_queue_is_pulled_like_any_other(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        t.send(q, "before");
        MessageQueue x = t.queue(light(t, "x"), 0);
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        t.equal("pull before the first", PullStatus.NO_NEW_MSG, c.pull(x, "*", 0, 32).getPullStatus());
        for (int i = 0; i < 3; i++) send(t, q, "m" + i, "", x.getTopic());
        awaitMax(t, c, x, 3);
        t.equal("smallest offset", 0L, c.minOffset(x));
        t.equal("pull at the end", PullStatus.NO_NEW_MSG, c.pull(x, "*", 3, 32).getPullStatus());
        PullResult beyond = c.pull(x, "*", 7, 32);
        t.equal("pull beyond the end", PullStatus.OFFSET_ILLEGAL, beyond.getPullStatus());
        t.equal("where it goes on", 3L, beyond.getNextBeginOffset());
        PullResult two = c.pull(x, "*", 0, 2);
        t.equal("two", List.of("m0", "m1"), bodies(two));
        t.equal("smallest told", 0L, two.getMinOffset());
        t.equal("largest told", 3L, two.getMaxOffset());
    }

    @Case
    public static void a_pull_waits_in_a_light_queue(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        MessageQueue x = t.queue(light(t, "x"), 0);
        send(t, q, "first", "", x.getTopic());
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        awaitMax(t, c, x, 1);
        CompletableFuture<PullResult> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return c.pullBlockIfNotFound(x, "*", 1, 32);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        Thread.sleep(300);
        send(t, q, "awaited", "", x.getTopic());
        t.equal("messages", List.of("awaited"), bodies(waiting.get(15, TimeUnit.SECONDS)));
    }

    @Case
    public static void a_light_queue_selects_by_tags(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        MessageQueue x = t.queue(light(t, "x"), 0);
        for (String tag : List.of("red", "blue", "red", "green")) send(t, q, tag, tag, x.getTopic());
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        awaitMax(t, c, x, 4);
        t.equal("messages", List.of("blue", "green"), bodies(c.pull(x, "blue || green", 0, 32)));
    }

    @Case
    public static void the_offset_of_a_group_in_a_light_queue_is_kept(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        MessageQueue x = t.queue(light(t, "x"), 0);
        for (int i = 0; i < 3; i++) send(t, q, "m" + i, "", x.getTopic());
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        awaitMax(t, c, x, 3);
        c.pull(x, "*", 0, 2);
        c.updateConsumeOffset(x, 2);
        c.getDefaultMQPullConsumerImpl().getOffsetStore().updateConsumeOffsetToBroker(x, 2, false);
        t.equal("offset", 2L, c.fetchConsumeOffset(x, true));
    }

    @Case
    public static void light_queues_are_not_among_the_topics(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        String x = light(t, "x");
        send(t, q, "a", "", x);
        consumer(t, q.getTopic()).pull(t.queue(x, 0), "*", 0, 32);
        t.check(!t.admin().fetchAllTopicList().getTopicList().contains(x), "it is listed");
        t.check(!t.admin().getAllTopicConfig(t.env.brokerAddr, 10_000).getTopicConfigTable().containsKey(x), "the broker lists it");
    }

    @Case
    public static void a_delayed_message_is_in_its_light_queue_when_it_comes(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        MessageQueue x = t.queue(light(t, "x"), 0);
        Message m = new Message(q.getTopic(), "later".getBytes());
        MessageAccessor.putProperty(m, NAMES, x.getTopic());
        m.setDelayTimeLevel(1);
        t.producer().send(m, q);
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        t.equal("before its time", 0L, c.maxOffset(x));
        t.await("the message", 15_000, () -> c.maxOffset(x) == 1, () -> "nothing");
        t.equal("messages", List.of("later"), bodies(c.pull(x, "*", 0, 32)));
    }

    @Case
    public static void a_message_for_a_lite_topic_is_in_its_light_queue(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        Message m = new Message(q.getTopic(), "lite".getBytes());
        MessageAccessor.putProperty(m, "__LITE_TOPIC", "device-7");
        t.producer().send(m, q);
        MessageQueue x = t.queue("%LMQ%$" + q.getTopic() + "$device-7", 0);
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        awaitMax(t, c, x, 1);
        MessageExt got = c.pull(x, "*", 0, 32).getMsgFoundList().get(0);
        t.equal("body", "lite", new String(got.getBody()));
        t.equal("light queue", x.getTopic(), got.getProperty(NAMES));
    }

    @Case
    public static void a_thousand_light_queues_have_a_message_each(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        String stem = light(t, "many");
        for (int i = 0; i < 1000; i += 50) {
            StringBuilder names = new StringBuilder();
            for (int k = i; k < i + 50; k++) names.append(k == i ? "" : ",").append(stem).append('_').append(k);
            send(t, q, "m" + i, "", names.toString());
        }
        DefaultMQPullConsumer c = consumer(t, q.getTopic());
        awaitMax(t, c, t.queue(stem + "_999", 0), 1);
        for (int k = 0; k < 1000; k += 37) {
            t.equal("light queue " + k, List.of("m" + k / 50 * 50), bodies(c.pull(t.queue(stem + "_" + k, 0), "*", 0, 32)));
        }
    }
}
