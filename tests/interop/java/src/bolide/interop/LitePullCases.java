// SPDX-License-Identifier: Apache-2.0
//
// The lite pull consumer: subscribe and assign, seek, commit, pause.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

public final class LitePullCases {
    private LitePullCases() {}

    static DefaultLitePullConsumer consumer(Ctx t, String group) {
        DefaultLitePullConsumer c = new DefaultLitePullConsumer(group);
        c.setNamesrvAddr(t.env.options.namesrv());
        c.setInstanceName(t.env.unique("lite"));
        c.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        Env.hurry(c);
        c.setAutoCommit(false);
        c.setPersistConsumerOffsetInterval(300);
        c.setPullThreadNums(2);
        t.own(c::shutdown);
        return c;
    }

    private static DefaultLitePullConsumer assigned(Ctx t, MessageQueue q) throws Exception {
        DefaultLitePullConsumer c = consumer(t, t.group());
        c.start();
        c.assign(List.of(q));
        return c;
    }

    static List<String> poll(DefaultLitePullConsumer c, int n, long ms) {
        List<String> got = new ArrayList<>();
        for (long end = System.nanoTime() + ms * 1_000_000; got.size() < n && System.nanoTime() < end; ) {
            for (MessageExt m : c.poll(200)) got.add(new String(m.getBody()));
        }
        return got;
    }

    @Case
    public static void lite_pull_subscribed_gets_every_message(Ctx t) throws Exception {
        String topic = t.topic(4);
        List<String> bodies = t.sendMany(topic, 4, 40, "s ");
        DefaultLitePullConsumer c = consumer(t, t.group());
        c.subscribe(topic, "*");
        c.start();
        // Four queues share two threads: a queue whose turn comes late waits until the pull of an empty one ends, after 20 s.
        List<String> got = poll(c, 40, 60_000);
        got.sort(null);
        bodies.sort(null);
        t.equal("messages", bodies, got);
        t.equal("queues of the topic", 4, c.fetchMessageQueues(topic).size());
    }

    @Case
    public static void lite_pull_seeks_to_an_offset_the_begin_and_the_end(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (int i = 0; i < 10; i++) t.send(q, "m" + i);
        DefaultLitePullConsumer c = assigned(t, q);
        t.equal("all", 10, poll(c, 10, 20_000).size());
        // A seek may be lost in the client: a pull task that is being interrupted can take the new offset with it.
        List<String> sought = List.of();
        for (int tries = 0; tries < 4 && sought.isEmpty(); tries++) {
            c.seek(q, 7);
            sought = poll(c, 3, 5_000);
        }
        t.equal("from offset 7", List.of("m7", "m8", "m9"), sought);
        c.seekToBegin(q);
        t.equal("first after a seek to the begin", "m0", poll(c, 10, 20_000).get(0));
        c.seekToEnd(q);
        t.equal("after a seek to the end", List.of(), poll(c, 1, 500));
        t.send(q, "new");
        t.equal("the next after a seek to the end", List.of("new"), poll(c, 1, 20_000));
    }

    @Case
    public static void lite_pull_commits_and_continues_there(Ctx t) throws Exception {
        String topic = t.topic(1);
        MessageQueue q = t.queue(topic, 0);
        for (int i = 0; i < 10; i++) t.send(q, "m" + i);
        String group = t.group();
        DefaultLitePullConsumer c = consumer(t, group);
        c.subscribe(topic, "*");
        c.start();
        t.equal("all", 10, poll(c, 10, 20_000).size());
        c.commitSync();
        t.equal("committed offset, by the consumer", 10L, c.committed(q));
        c.getOffsetStore().persist(q); // the client's timer would first run after 10 s
        PullCases.awaitCommitted(t, group, q, 10);
        c.shutdown();
        t.send(q, "later");
        DefaultLitePullConsumer next = consumer(t, group);
        next.subscribe(topic, "*");
        next.start();
        t.equal("messages after the restart", List.of("later"), poll(next, 1, 20_000));
    }

    @Case
    public static void lite_pull_finds_an_offset_by_time(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (int i = 0; i < 3; i++) {
            t.send(q, "m" + i);
            Thread.sleep(20);
        }
        t.awaitMax(q, 3);
        DefaultLitePullConsumer c = assigned(t, q);
        t.equal("offset at time 0", 0L, c.offsetForTimestamp(q, 0L));
        t.equal("offset at a later time", 3L, c.offsetForTimestamp(q, System.currentTimeMillis() + 60_000));
    }

    @Case
    public static void lite_pull_pauses_and_resumes(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        DefaultLitePullConsumer c = assigned(t, q);
        t.send(q, "before");
        t.equal("before the pause", List.of("before"), poll(c, 1, 20_000));
        c.pause(List.of(q));
        // A pull that was parked before the pause may still bring one message.
        t.send(q, "first");
        List<String> expected = new ArrayList<>(List.of("first", "paused"));
        expected.removeAll(poll(c, 1, 2_000));
        t.send(q, "paused");
        t.equal("while paused", List.of(), poll(c, 1, 700));
        c.resume(List.of(q));
        t.equal("after the pause", expected, poll(c, expected.size(), 20_000));
    }

    @Case
    public static void two_lite_pull_consumers_share_the_queues(Ctx t) throws Exception {
        String topic = t.topic(4);
        String group = t.group();
        DefaultLitePullConsumer a = consumer(t, group), b = consumer(t, group);
        for (var c : List.of(a, b)) {
            c.subscribe(topic, "*");
            c.start();
        }
        t.await("two queues each", 15_000, () -> a.assignment().size() == 2 && b.assignment().size() == 2,
            () -> "another share");
        List<String> bodies = t.sendMany(topic, 4, 40, "s ");
        List<String> got = poll(a, 20, 20_000);
        got.addAll(poll(b, 20, 20_000));
        got.sort(null);
        bodies.sort(null);
        t.equal("messages of both", bodies, got);
    }
}
