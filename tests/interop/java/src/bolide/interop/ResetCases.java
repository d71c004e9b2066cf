// SPDX-License-Identifier: Apache-2.0
//
// Setting a group back in time, while it is away and while it consumes.
package bolide.interop;

import java.util.List;

public final class ResetCases {
    private ResetCases() {}

    @Case
    public static void a_group_that_is_away_is_set_back(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        Sink first = t.push(group, topic).start();
        List<String> bodies = t.sendMany(topic, 2, 20, "x ");
        first.awaitExactly(bodies, 20_000);
        first.close();
        var offsets = t.admin().resetOffsetByTimestamp(topic, group, 0, true);
        t.equal("queues set back", 2, offsets.size());
        for (var e : offsets.entrySet()) t.equal("offset of " + e.getKey().getQueueId(), 0L, e.getValue());
        t.push(group, topic).impatient().start().awaitExactly(bodies, 40_000);
    }

    @Case
    public static void a_group_that_consumes_is_set_back(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        Sink sink = t.push(group, topic).impatient().start();
        List<String> bodies = t.sendMany(topic, 2, 20, "x ");
        sink.awaitExactly(bodies, 20_000);
        var offsets = t.admin().resetOffsetByTimestamp(topic, group, 0, true);
        t.equal("queues set back", 2, offsets.size());
        sink.awaitCount(40, 60_000);
        var second = sink.bodies().subList(20, 40).stream().sorted().toList();
        t.equal("messages seen again", bodies.stream().sorted().toList(), second);
    }

    @Case
    public static void a_group_is_set_to_the_middle(Ctx t) throws Exception {
        String topic = t.topic(1);
        String group = t.group();
        Sink first = t.push(group, topic).start();
        t.sendMany(topic, 1, 5, "early ");
        Thread.sleep(50);
        List<String> late = t.sendMany(topic, 1, 5, "late ");
        first.awaitCount(10, 20_000);
        Thread.sleep(100);
        first.close();
        long at = first.messages().stream().filter(m -> new String(m.getBody()).equals("late 0")).findFirst().get()
            .getStoreTimestamp();
        var offsets = t.admin().resetOffsetByTimestamp(topic, group, at, true);
        t.equal("offset", List.of(5L), List.copyOf(offsets.values()));
        t.push(group, topic).impatient().start().awaitExactly(late, 40_000);
    }
}
