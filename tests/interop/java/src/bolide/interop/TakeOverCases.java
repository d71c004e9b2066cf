// SPDX-License-Identifier: Apache-2.0
//
// A member of a group goes, politely or not: the others take its queues and lose nothing.
package bolide.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

public final class TakeOverCases {
    private TakeOverCases() {}

    @Case
    public static void the_queues_of_a_consumer_that_shuts_down_are_taken_over(Ctx t) throws Exception {
        String topic = t.topic(4);
        String group = t.group();
        Sink a = t.push(group, topic).start();
        Sink b = t.push(group, topic).start();
        List<Sink> both = List.of(a, b);
        t.await("two queues each", 15_000, () -> PushCases.even(both, 4), () -> PushCases.owners(both));
        List<String> bodies = t.sendMany(topic, 4, 40, "before ");
        t.await("40 messages", 20_000, () -> a.count() + b.count() >= 40, () -> a.count() + " and " + b.count());
        t.await("40 confirmed", 20_000, () -> a.confirmed() + b.confirmed() >= 40, () -> a.confirmed() + " and " + b.confirmed());
        a.close();
        b.awaitQueues(4, 15_000);
        bodies.addAll(t.sendMany(topic, 4, 40, "after "));
        t.await("80 messages", 20_000, () -> a.count() + b.count() >= 80, () -> a.count() + " and " + b.count());
        Thread.sleep(200);
        List<String> got = new ArrayList<>(a.bodies());
        got.addAll(b.bodies());
        got.sort(null);
        bodies.sort(null);
        t.equal("messages of both together", bodies, got);
    }

    @Case
    public static void the_queues_of_a_killed_consumer_are_taken_over(Ctx t) throws Exception {
        String topic = t.topic(4);
        String group = t.group();
        Peer peer = new Peer(t, group, topic);
        Sink sink = t.push(group, topic).start();
        t.await("two queues each", 30_000, () -> peer.queues() == 2 && sink.queues().size() == 2,
            () -> peer.queues() + " and " + sink.queues() + "; peer said " + peer.lastLine());
        List<String> before = t.sendMany(topic, 4, 40, "before ");
        t.await("40 messages", 20_000, () -> peer.bodies().size() + sink.count() >= 40,
            () -> peer.bodies().size() + " and " + sink.count());
        peer.kill();
        long start = System.nanoTime();
        List<String> meanwhile = t.sendMany(topic, 4, 20, "meanwhile ");
        sink.awaitQueues(4, 15_000); // the closed connection tells, not the 120 s of silence
        t.note("taken over in " + (System.nanoTime() - start) / 1_000_000 + " ms");
        List<String> after = t.sendMany(topic, 4, 20, "after ");
        t.await("the messages sent after the kill", 20_000,
            () -> sink.bodies().containsAll(meanwhile) && sink.bodies().containsAll(after), sink::bodies);
        HashSet<String> all = new HashSet<>(peer.bodies());
        all.addAll(sink.bodies());
        t.check(all.containsAll(before), "a message from before the kill was lost");
        List<String> late = sink.bodies().stream().filter(x -> !x.startsWith("before")).sorted().toList();
        List<String> expected = new ArrayList<>(meanwhile);
        expected.addAll(after);
        expected.sort(null);
        t.equal("messages sent after the kill, each once", expected, late);
    }
}
