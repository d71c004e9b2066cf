// SPDX-License-Identifier: Apache-2.0
//
// Topics whose queues hold batches: one record, an offset for each message in it.
package bolide.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

public final class InnerBatchCases {
    private InnerBatchCases() {}

    private static MessageQueue queue(Ctx t) throws Exception {
        TopicConfig config = new TopicConfig(t.unique());
        config.setReadQueueNums(1);
        config.setWriteQueueNums(1);
        config.setAttributes(Map.of("+queue.type", "BatchCQ"));
        t.admin().createAndUpdateTopicConfig(t.env.brokerAddr, config);
        t.env.awaitRoute(config.getTopicName());
        return t.queue(config.getTopicName(), 0);
    }

    private static SendResult send(Ctx t, MessageQueue q, int from, int count) throws Exception {
        List<Message> batch = new ArrayList<>();
        for (int i = from; i < from + count; i++) batch.add(new Message(q.getTopic(), "tag", "k" + i, ("m" + i).getBytes()));
        SendResult r = t.producer().send(batch, q);
        t.equal("status", SendStatus.SEND_OK, r.getSendStatus());
        return r;
    }

    private static DefaultMQPullConsumer consumer(Ctx t, MessageQueue q) throws Exception {
        DefaultMQPullConsumer c = PullCases.consumer(t, t.group());
        c.fetchSubscribeMessageQueues(q.getTopic());
        return c;
    }

    @Case(since = 5)
    public static void a_batch_is_one_record_with_an_offset_for_each_message(Ctx t) throws Exception {
        MessageQueue q = queue(t);
        SendResult first = send(t, q, 0, 4);
        t.equal("offset of the first batch", 0L, first.getQueueOffset());
        t.check(!first.getMsgId().contains(","), "one id for the batch, but " + first.getMsgId());
        t.check(!first.getOffsetMsgId().contains(","), "one record, but " + first.getOffsetMsgId());
        t.equal("offset of the second", 4L, send(t, q, 4, 3).getQueueOffset());
        t.awaitMax(q, 7);
        PullResult r = consumer(t, q).pull(q, "*", 0, 32);
        t.equal("messages", List.of("m0", "m1", "m2", "m3", "m4", "m5", "m6"),
            r.getMsgFoundList().stream().map(m -> new String(m.getBody())).toList());
        t.equal("offsets", LongStream.range(0, 7).boxed().toList(), r.getMsgFoundList().stream().map(MessageExt::getQueueOffset).toList());
        t.equal("next offset", 7L, r.getNextBeginOffset());
        t.equal("keys", "k5", r.getMsgFoundList().get(5).getKeys());
        t.equal("tag", "tag", r.getMsgFoundList().get(5).getTags());
    }

    @Case(since = 5)
    public static void a_pull_inside_a_batch_is_given_all_of_it(Ctx t) throws Exception {
        MessageQueue q = queue(t);
        send(t, q, 0, 5);
        send(t, q, 5, 5);
        t.awaitMax(q, 10);
        PullResult r = consumer(t, q).pull(q, "*", 7, 32);
        t.equal("next offset", 10L, r.getNextBeginOffset());
        t.equal("messages", List.of("m5", "m6", "m7", "m8", "m9"), r.getMsgFoundList().stream().map(m -> new String(m.getBody())).toList());
    }

    @Case(since = 5)
    public static void a_push_consumer_gets_each_message_of_a_batch(Ctx t) throws Exception {
        MessageQueue q = queue(t);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 30; i += 3) {
            send(t, q, i, 3);
            for (int k = i; k < i + 3; k++) expected.add("m" + k);
        }
        t.push(t.group(), q.getTopic()).start().awaitExactly(expected, 20_000);
    }

    @Case(since = 5)
    public static void single_messages_stand_between_batches(Ctx t) throws Exception {
        MessageQueue q = queue(t);
        send(t, q, 0, 2);
        t.equal("offset of a single message", 2L, t.send(q, "single").getQueueOffset());
        t.equal("offset behind it", 3L, send(t, q, 3, 2).getQueueOffset());
        t.awaitMax(q, 5);
        t.equal("messages", List.of("m0", "m1", "single", "m3", "m4"), consumer(t, q).pull(q, "*", 0, 32).getMsgFoundList().stream()
            .map(m -> new String(m.getBody())).toList());
    }
}
