// SPDX-License-Identifier: Apache-2.0
//
// The plain pull consumer: every status, long polling, and the offsets kept for it.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

public final class PullCases {
    private PullCases() {}

    static DefaultMQPullConsumer consumer(Ctx t, String group) throws Exception {
        DefaultMQPullConsumer c = new DefaultMQPullConsumer(group);
        c.setNamesrvAddr(t.env.options.namesrv());
        c.setInstanceName(t.env.unique("pull"));
        c.setBrokerSuspendMaxTimeMillis(15_000);
        c.setConsumerPullTimeoutMillis(20_000);
        t.own(c::shutdown);
        c.start();
        return c;
    }

    /** Waits until the server keeps this offset; the consumer that asks is gone from the group afterwards. */
    static void awaitCommitted(Ctx t, String group, MessageQueue q, long offset) throws Exception {
        DefaultMQPullConsumer c = consumer(t, group);
        long[] got = new long[1];
        t.await("committed offset " + offset + " of queue " + q.getQueueId(), 10_000,
            () -> (got[0] = c.fetchConsumeOffset(q, true)) == offset, () -> got[0]);
        c.shutdown();
    }

    private static void expect(Ctx t, String what, PullResult r, PullStatus status, long next) {
        t.equal("status of " + what, status, r.getPullStatus());
        t.equal("next offset of " + what, next, r.getNextBeginOffset());
    }

    @Case
    public static void a_pull_finds_messages_and_tells_the_bounds(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (int i = 0; i < 10; i++) t.send(q, "m" + i);
        t.awaitMax(q, 10);
        DefaultMQPullConsumer c = consumer(t, t.group());
        t.equal("queues of the topic", List.of(q), new ArrayList<>(c.fetchSubscribeMessageQueues(q.getTopic())));
        PullResult r = c.pull(q, "*", 0, 4);
        expect(t, "a pull of 4", r, PullStatus.FOUND, 4);
        t.equal("messages", 4, r.getMsgFoundList().size());
        t.equal("smallest offset", 0L, r.getMinOffset());
        t.equal("largest offset", 10L, r.getMaxOffset());
        r = c.pull(q, "*", 4, 32);
        expect(t, "a pull of the rest", r, PullStatus.FOUND, 10);
        t.equal("last body", "m9", new String(r.getMsgFoundList().get(5).getBody()));
    }

    @Case
    public static void a_pull_at_the_end_finds_no_new_message(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(2), 0);
        DefaultMQPullConsumer c = consumer(t, t.group());
        expect(t, "a pull of an empty queue", c.pull(q, "*", 0, 32), PullStatus.NO_NEW_MSG, 0);
        for (int i = 0; i < 3; i++) t.send(q, "m" + i);
        t.awaitMax(q, 3);
        expect(t, "a pull at the end", c.pull(q, "*", 3, 32), PullStatus.NO_NEW_MSG, 3);
    }

    @Case
    public static void a_pull_whose_tags_match_nothing_says_so(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (int i = 0; i < 3; i++) t.producer().send(new Message(q.getTopic(), "A", "m".getBytes()), q);
        t.awaitMax(q, 3);
        DefaultMQPullConsumer c = consumer(t, t.group());
        expect(t, "a pull of another tag", c.pull(q, "B", 0, 32), PullStatus.NO_MATCHED_MSG, 3);
        expect(t, "a pull of the tag", c.pull(q, "A", 0, 32), PullStatus.FOUND, 3);
    }

    @Case
    public static void a_pull_beyond_the_end_is_told_the_end(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        DefaultMQPullConsumer c = consumer(t, t.group());
        expect(t, "a pull beyond an empty queue", c.pull(q, "*", 5, 32), PullStatus.OFFSET_ILLEGAL, 0);
        for (int i = 0; i < 3; i++) t.send(q, "m" + i);
        t.awaitMax(q, 3);
        expect(t, "a pull beyond the end", c.pull(q, "*", 1000, 32), PullStatus.OFFSET_ILLEGAL, 3);
    }

    @Case
    public static void a_blocking_pull_waits_for_the_message(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        DefaultMQPullConsumer c = consumer(t, t.group());
        CompletableFuture<PullResult> parked = park(c, q, 0);
        Thread.sleep(500);
        t.check(!parked.isDone(), "the pull of an empty queue came back at once");
        t.send(q, "wake up");
        PullResult r = parked.get(20, TimeUnit.SECONDS);
        expect(t, "the parked pull", r, PullStatus.FOUND, 1);
        t.equal("body", "wake up", new String(r.getMsgFoundList().get(0).getBody()));
    }

    @Case
    public static void a_blocking_pull_ends_with_no_new_message(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        DefaultMQPullConsumer c = consumer(t, t.group());
        c.setBrokerSuspendMaxTimeMillis(1000);
        long start = System.nanoTime();
        expect(t, "a blocking pull", c.pullBlockIfNotFound(q, "*", 0, 32), PullStatus.NO_NEW_MSG, 0);
        long ms = (System.nanoTime() - start) / 1_000_000;
        t.note("1000 ms became " + ms + " ms");
        t.check(ms >= 950 && ms <= 8000, "parked for 1000 ms, answered after " + ms + " ms");
    }

    @Case
    public static void many_pulls_parked_on_one_queue_all_wake(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        DefaultMQPullConsumer a = consumer(t, t.group()), b = consumer(t, t.group());
        List<CompletableFuture<PullResult>> parked = List.of(park(a, q, 0), park(a, q, 0), park(b, q, 0));
        Thread.sleep(300);
        t.send(q, "for all");
        for (var p : parked) expect(t, "a parked pull", p.get(20, TimeUnit.SECONDS), PullStatus.FOUND, 1);
    }

    @Case(alone = true)
    public static void a_parked_pull_gets_a_message_at_once(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        DefaultMQPullConsumer c = consumer(t, t.group());
        List<Double> ms = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            CompletableFuture<PullResult> parked = park(c, q, i);
            Thread.sleep(30);
            long start = System.nanoTime();
            t.send(q, "p" + i);
            expect(t, "parked pull " + i, parked.get(20, TimeUnit.SECONDS), PullStatus.FOUND, i + 1);
            if (i >= 4) ms.add((System.nanoTime() - start) / 1e6);
        }
        latency(t, ms);
    }

    /** Notes the latencies (start of the send to the arrival); judges them only when asked to. */
    static void latency(Ctx t, List<Double> ms) {
        ms.sort(null);
        double median = ms.get(ms.size() / 2);
        t.note(String.format(Locale.ROOT, "median %.1f ms, max %.1f ms", median, ms.get(ms.size() - 1)));
        if (t.env.options.strict()) t.check(median <= 20, "median of " + median + " ms is over 20 ms");
    }

    private static CompletableFuture<PullResult> park(DefaultMQPullConsumer c, MessageQueue q, long offset) {
        CompletableFuture<PullResult> f = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                f.complete(c.pullBlockIfNotFound(q, "*", offset, 32));
            } catch (Throwable e) {
                f.completeExceptionally(e);
            }
        }, "parked-pull");
        thread.setDaemon(true);
        thread.start();
        return f;
    }

    @Case
    public static void a_committed_offset_is_kept_for_the_group(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (int i = 0; i < 5; i++) t.send(q, "m" + i);
        t.awaitMax(q, 5);
        String group = t.group();
        DefaultMQPullConsumer c = consumer(t, group);
        t.equal("status of a pull", PullStatus.FOUND, c.pull(q, "*", 0, 3).getPullStatus()); // makes the group
        c.updateConsumeOffset(q, 3);
        c.getOffsetStore().persist(q);
        awaitCommitted(t, group, q, 3);
    }

    @Case
    public static void offsets_are_found_by_time(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        t.equal("smallest offset of an empty queue", 0L, t.admin().minOffset(q));
        t.equal("largest offset of an empty queue", 0L, t.admin().maxOffset(q));
        for (int i = 0; i < 3; i++) {
            t.send(q, "m" + i);
            Thread.sleep(30);
        }
        t.awaitMax(q, 3);
        var found = consumer(t, t.group()).pull(q, "*", 0, 32).getMsgFoundList();
        t.equal("smallest offset", 0L, t.admin().minOffset(q));
        t.equal("largest offset", 3L, t.admin().maxOffset(q));
        t.equal("store time of the first", found.get(0).getStoreTimestamp(), t.admin().earliestMsgStoreTime(q));
        t.equal("offset at time 0", 0L, t.admin().searchOffset(q, 0));
        for (int i = 0; i < 3; i++) {
            long at = found.get(i).getStoreTimestamp();
            t.equal("offset at the time of message " + i, (long) i, t.admin().searchOffset(q, at));
            if (i > 0) t.equal("offset just before it", (long) i, t.admin().searchOffset(q, at - 1));
        }
        t.equal("offset an hour from now", 3L,
            t.admin().searchOffset(q, System.currentTimeMillis() + 3_600_000));
    }
}
