// SPDX-License-Identifier: Apache-2.0
//
// Where a group begins: a new one on a young topic at offset 0 whatever it asks for (rocketmq 3.3 and
// 9.4), a known one where it stopped.
package bolide.interop;

import java.util.List;
import org.apache.rocketmq.common.UtilAll;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;

public final class StartOffsetCases {
    private StartOffsetCases() {}

    @Case
    public static void a_new_group_from_first_starts_at_0(Ctx t) throws Exception {
        startsAtZero(t, t.push(t.group(), t.topic(2)).from(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET));
    }

    @Case
    public static void a_new_group_from_last_starts_at_0_on_a_young_topic(Ctx t) throws Exception {
        startsAtZero(t, t.push(t.group(), t.topic(2)).from(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET));
    }

    @Case
    public static void a_new_group_from_a_timestamp_starts_at_0_on_a_young_topic(Ctx t) throws Exception {
        Sink.Setup s = t.push(t.group(), t.topic(2)).from(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
        s.consumer.setConsumeTimestamp(UtilAll.timeMillisToHumanString3(System.currentTimeMillis() - 1000));
        startsAtZero(t, s);
    }

    private static void startsAtZero(Ctx t, Sink.Setup setup) throws Exception {
        List<String> bodies = t.sendMany(setup.topic(), 2, 20, "old ");
        Sink sink = setup.start();
        sink.awaitCount(20, 20_000);
        bodies.addAll(t.sendMany(setup.topic(), 2, 10, "new "));
        sink.awaitExactly(bodies, 20_000);
    }

    @Case
    public static void a_known_group_continues_at_its_committed_offset(Ctx t) throws Exception {
        String topic = t.topic(2);
        String group = t.group();
        Sink first = t.push(group, topic).start();
        first.awaitExactly(t.sendMany(topic, 2, 20, "first "), 20_000);
        first.close();
        for (int q = 0; q < 2; q++) PullCases.awaitCommitted(t, group, t.queue(topic, q), 10);
        List<String> later = t.sendMany(topic, 2, 20, "later ");
        t.push(group, topic).start().awaitExactly(later, 20_000);
    }
}
