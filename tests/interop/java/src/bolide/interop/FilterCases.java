// SPDX-License-Identifier: Apache-2.0
//
// Tag filters, including tags that the server's hash cannot tell apart.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.common.message.Message;

public final class FilterCases {
    private FilterCases() {}

    @Case
    public static void a_tag_expression_selects(Ctx t) throws Exception {
        String topic = t.topic(2);
        List<String> expected = sendTags(t, topic, List.of("A", "B", "C", ""), List.of("A", "B"));
        t.push(t.group(), topic).tags("A || B").start().awaitExactly(expected, 20_000);
    }

    @Case
    public static void tags_of_equal_hash_are_told_apart(Ctx t) throws Exception {
        t.equal("hash of BB", "Aa".hashCode(), "BB".hashCode());
        String topic = t.topic(2);
        List<String> expected = sendTags(t, topic, List.of("Aa", "BB", "C"), List.of("Aa"));
        t.push(t.group(), topic).tags("Aa").start().awaitExactly(expected, 20_000);
    }

    @Case
    public static void a_parked_consumer_is_not_disturbed_by_other_tags(Ctx t) throws Exception {
        String topic = t.topic(1);
        Sink sink = t.push(t.group(), topic).tags("Wanted").start();
        sink.awaitQueues(1, 15_000);
        List<String> expected = sendTags(t, topic, List.of("Other", "Wanted", "Another"), List.of("Wanted"));
        sink.awaitExactly(expected, 20_000);
    }

    @Case
    public static void two_groups_with_different_tags_get_their_own(Ctx t) throws Exception {
        String topic = t.topic(2);
        Sink a = t.push(t.group(), topic).tags("A").start();
        Sink all = t.push(t.group(), topic).start();
        List<String> expected = sendTags(t, topic, List.of("A", "B"), List.of("A"));
        a.awaitExactly(expected, 20_000);
        all.awaitCount(40, 20_000);
        t.equal("messages of the group without a filter", 40, all.count());
    }

    /** 20 messages of each tag; returns the bodies of those whose tag is wanted. */
    private static List<String> sendTags(Ctx t, String topic, List<String> tags, List<String> wanted)
            throws Exception {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            for (String tag : tags) {
                String body = tag + " " + i;
                t.producer().send(new Message(topic, tag, body.getBytes()));
                if (wanted.contains(tag)) expected.add(body);
            }
        }
        return expected;
    }
}
