// SPDX-License-Identifier: Apache-2.0
//
// Filters by SQL92 expressions on the properties of messages. Apache's broker needs enablePropertyFilter=true.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

public final class SqlCases {
    private static final int PARSE_FAILED = 23;

    private SqlCases() {}

    @Case
    public static void an_sql_expression_selects_by_properties(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        List<String> expected = sendAmounts(t, q, 20, 5, 9);
        t.push(t.group(), q.getTopic()).sql("amount BETWEEN 5 AND 9 AND region IN ('eu', 'us') AND missing IS NULL").start()
            .awaitExactly(expected, 20_000);
    }

    @Case
    public static void sql_sees_tags_and_keys(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (String tag : List.of("A", "B", "C")) t.producer().send(new Message(q.getTopic(), tag, "key-" + tag, tag.getBytes()), q);
        t.push(t.group(), q.getTopic()).sql("TAGS = 'A' or KEYS ENDSWITH '-C'").start().awaitExactly(List.of("A", "C"), 20_000);
    }

    @Case
    public static void a_parked_consumer_waits_for_what_its_expression_selects(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        Sink sink = t.push(t.group(), q.getTopic()).sql("amount > 17").start();
        sink.awaitQueues(1, 15_000);
        sink.awaitExactly(sendAmounts(t, q, 20, 18, 19), 20_000);
    }

    @Case
    public static void a_message_that_no_number_can_be_had_from_is_left_out(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        for (String amount : List.of("7", "seven", "7.5", "8")) {
            Message m = new Message(q.getTopic(), amount.getBytes());
            m.putUserProperty("amount", amount);
            t.producer().send(m, q);
        }
        t.push(t.group(), q.getTopic()).sql("amount <> 8").start().awaitExactly(List.of("7"), 20_000);
    }

    @Case(timeoutSeconds = 120)
    public static void a_failed_message_comes_again_to_an_sql_consumer(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        Sink sink = t.push(t.group(), q.getTopic()).sql("amount = 3").failFirst(1).impatient().start();
        sink.awaitQueues(1, 15_000);
        sendAmounts(t, q, 5, 3, 3);
        sink.awaitCount(2, 60_000);
        List<MessageExt> got = sink.messages();
        t.equal("attempts before the second delivery", 1, got.get(1).getReconsumeTimes());
        t.equal("body", new String(got.get(0).getBody()), new String(got.get(1).getBody()));
    }

    @Case
    public static void lite_pull_selects_by_sql(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        List<String> expected = sendAmounts(t, q, 20, 0, 3);
        DefaultLitePullConsumer c = LitePullCases.consumer(t, t.group());
        c.subscribe(q.getTopic(), MessageSelector.bySql("amount < 4"));
        c.start();
        t.equal("messages", expected, LitePullCases.poll(c, expected.size(), 20_000));
        t.equal("messages behind them", List.of(), LitePullCases.poll(c, 1, 500));
    }

    @Case
    public static void a_pull_selects_by_sql(Ctx t) throws Exception {
        MessageQueue q = t.queue(t.topic(1), 0);
        sendAmounts(t, q, 10, 0, 9);
        t.awaitMax(q, 10);
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        awaitBrokerVersion(t, c, q);
        PullResult r = c.pull(q, MessageSelector.bySql("amount = 4 OR amount = 8"), 0, 32);
        t.equal("status", PullStatus.FOUND, r.getPullStatus());
        t.equal("next offset", 10L, r.getNextBeginOffset());
        t.equal("messages", 2, r.getMsgFoundList().size());
        r = c.pull(q, MessageSelector.bySql("amount = 44"), 0, 32);
        t.equal("status where nothing matches", PullStatus.NO_MATCHED_MSG, r.getPullStatus());
        t.equal("next offset where nothing matches", 10L, r.getNextBeginOffset());
    }

    @Case
    public static void a_bad_expression_is_refused_when_the_consumer_starts(Ctx t) throws Exception {
        String topic = t.topic(1);
        for (String bad : List.of("amount >", "amount == 5", "amount = 'x", "amount > 'x'", "5")) {
            t.refused("a consumer by " + bad, PARSE_FAILED, () -> t.push(t.group(), topic).sql(bad).start());
        }
    }

    /** The client does not ask by SQL before a heartbeat has told it the broker's version. */
    private static void awaitBrokerVersion(Ctx t, DefaultMQPullConsumer c, MessageQueue q) throws Exception {
        t.await("a heartbeat", 10_000, () -> {
            try {
                c.pull(q, MessageSelector.bySql("TRUE"), 0, 1);
                return true;
            } catch (MQClientException e) {
                c.getDefaultMQPullConsumerImpl().getRebalanceImpl().getmQClientFactory().sendHeartbeatToAllBrokerWithLock();
                return false;
            }
        }, () -> "none");
    }

    /** Messages with amount 0 .. count-1; returns the bodies of those from low to high. */
    private static List<String> sendAmounts(Ctx t, MessageQueue q, int count, int low, int high) throws Exception {
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Message m = new Message(q.getTopic(), ("amount " + i).getBytes());
            m.putUserProperty("amount", String.valueOf(i));
            m.putUserProperty("region", i % 2 == 0 ? "eu" : "us");
            t.producer().send(m, q);
            if (i >= low && i <= high) expected.add("amount " + i);
        }
        return expected;
    }
}
