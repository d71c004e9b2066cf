// SPDX-License-Identifier: Apache-2.0
//
// Finding stored messages: by key, by the id the client made, by the id the server made.
package bolide.interop;

import java.util.List;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

public final class QueryCases {
    private QueryCases() {}

    private static final int NO_MESSAGE = 208;

    private static List<MessageExt> byKey(Ctx t, String topic, String key) throws Exception {
        long now = System.currentTimeMillis();
        try {
            return t.admin().queryMessage(topic, key, 32, now - 600_000, now + 600_000).getMessageList();
        } catch (MQClientException e) {
            if (e.getResponseCode() == NO_MESSAGE) return List.of();
            throw e;
        }
    }

    private static void awaitByKey(Ctx t, String topic, String key, int n) throws Exception {
        t.await(n + " messages of key " + key, 10_000, () -> byKey(t, topic, key).size() >= n, () -> "fewer");
        t.equal("messages of key " + key, n, byKey(t, topic, key).size());
    }

    @Case
    public static void messages_are_found_by_key(Ctx t) throws Exception {
        String topic = t.topic(2);
        String stem = t.env.unique("key");
        for (int i = 0; i < 6; i++) {
            Message m = new Message(topic, ("m" + i).getBytes());
            m.setKeys(i % 2 == 0 ? List.of(stem + "even", stem + i) : List.of(stem + "ungerade-ü", stem + i));
            t.producer().send(m);
        }
        awaitByKey(t, topic, stem + "even", 3);
        awaitByKey(t, topic, stem + "ungerade-ü", 3);
        awaitByKey(t, topic, stem + 4, 1);
        t.equal("body", "m4", new String(byKey(t, topic, stem + 4).get(0).getBody()));
        t.equal("messages of an unknown key", 0, byKey(t, topic, stem + "none").size());
        String other = t.topic(1);
        t.equal("messages of the key in another topic", 0, byKey(t, other, stem + "even").size());
    }

    @Case
    public static void a_message_is_found_by_its_unique_id(Ctx t) throws Exception {
        String topic = t.topic(2);
        SendResult sent = t.send(t.queue(topic, 1), "find me");
        t.send(t.queue(topic, 1), "not me");
        MessageExt[] found = new MessageExt[1];
        t.await("the message", 10_000, () -> {
            try {
                found[0] = t.admin().viewMessage(topic, sent.getMsgId());
            } catch (MQClientException e) {
                t.equal("code while it is not indexed yet", NO_MESSAGE, e.getResponseCode());
            }
            return found[0] != null;
        }, () -> "none");
        t.equal("body", "find me", new String(found[0].getBody()));
        t.equal("queue offset", sent.getQueueOffset(), found[0].getQueueOffset());
    }

    @Case
    public static void a_message_is_found_by_its_offset_id(Ctx t) throws Exception {
        String topic = t.topic(2);
        SendResult sent = t.send(t.queue(topic, 0), "here");
        MessageExt found = t.admin().viewMessage(topic, sent.getOffsetMsgId());
        t.equal("body", "here", new String(found.getBody()));
        t.equal("topic", topic, found.getTopic());
        t.equal("queue offset", 0L, found.getQueueOffset());
        t.equal("unique id", sent.getMsgId(), found.getProperty("UNIQ_KEY"));
    }
}
