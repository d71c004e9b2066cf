// SPDX-License-Identifier: Apache-2.0
//
// A group's pops of one topic, call by call, through the client's own API layer: what a call is answered
// with can be seen, and no rebalance is in the way.
package bolide.interop;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.AckResult;
import org.apache.rocketmq.client.consumer.PopResult;
import org.apache.rocketmq.client.impl.mqclient.MQClientAPIExt;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ExtraInfoUtil;
import org.apache.rocketmq.remoting.protocol.header.NotificationRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PopMessageRequestHeader;

final class PopClient implements AutoCloseable {
    private static final long TIMEOUT_MS = 20_000;
    private final Ctx ctx;
    final String group;
    final String topic;
    private final MQClientAPIExt api;
    int queue = -1;
    int batch = 32;
    long invisibleMs = 30_000;
    long pollMs = 0;
    boolean order = false;
    String attempt = null;
    String tags = "*";

    PopClient(Ctx ctx, String group, String topic) throws Exception {
        this.ctx = ctx;
        this.group = group;
        this.topic = topic;
        api = new MQClientAPIExt(new ClientConfig(), new NettyClientConfig(), null, null);
        api.updateNameServerAddressList(ctx.env.options.namesrv());
        api.start();
        ctx.own(this);
    }

    @Override
    public void close() {
        api.shutdown();
    }

    PopMessageRequestHeader header() {
        PopMessageRequestHeader h = new PopMessageRequestHeader();
        h.setConsumerGroup(group);
        h.setTopic(topic);
        h.setQueueId(queue);
        h.setMaxMsgNums(batch);
        h.setInvisibleTime(invisibleMs);
        h.setPollTime(pollMs);
        h.setBornTime(System.currentTimeMillis());
        h.setInitMode(0);
        h.setExpType("TAG");
        h.setExp(tags);
        h.setOrder(order);
        h.setAttemptId(attempt);
        return h;
    }

    CompletableFuture<PopResult> popAsync() {
        return api.popMessageAsync(ctx.env.brokerAddr, ctx.env.brokerName, header(), TIMEOUT_MS);
    }

    PopResult pop() throws Exception {
        return popAsync().get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
    }

    /** Pops until so many messages have come. */
    List<MessageExt> popAll(int count) throws Exception {
        List<MessageExt> all = new ArrayList<>();
        ctx.await(count + " messages", 30_000, () -> {
            List<MessageExt> found = pop().getMsgFoundList();
            if (found != null) all.addAll(found);
            return all.size() >= count;
        }, () -> all.size());
        return all;
    }

    static String receipt(MessageExt m) {
        return m.getProperty(MessageConst.PROPERTY_POP_CK);
    }

    AckMessageRequestHeader ackHeader(String receipt) {
        String[] part = ExtraInfoUtil.split(receipt);
        AckMessageRequestHeader h = new AckMessageRequestHeader();
        h.setConsumerGroup(group);
        h.setTopic(ExtraInfoUtil.getRealTopic(part, topic, group));
        h.setQueueId(ExtraInfoUtil.getQueueId(part));
        h.setOffset(ExtraInfoUtil.getQueueOffset(part));
        h.setExtraInfo(receipt);
        return h;
    }

    AckResult ack(MessageExt m) throws Exception {
        return api.ackMessageAsync(ctx.env.brokerAddr, ackHeader(receipt(m)), TIMEOUT_MS).get();
    }

    AckResult ackTogether(List<MessageExt> messages) throws Exception {
        return api.batchAckMessageAsync(ctx.env.brokerAddr, topic, group,
            messages.stream().map(PopClient::receipt).toList(), TIMEOUT_MS).get();
    }

    AckResult change(MessageExt m, long invisibleMs) throws Exception {
        String[] part = ExtraInfoUtil.split(receipt(m));
        ChangeInvisibleTimeRequestHeader h = new ChangeInvisibleTimeRequestHeader();
        h.setConsumerGroup(group);
        h.setTopic(ExtraInfoUtil.getRealTopic(part, topic, group));
        h.setQueueId(ExtraInfoUtil.getQueueId(part));
        h.setOffset(ExtraInfoUtil.getQueueOffset(part));
        h.setExtraInfo(receipt(m));
        h.setInvisibleTime(invisibleMs);
        return api.changeInvisibleTimeAsync(ctx.env.brokerAddr, ctx.env.brokerName, h, TIMEOUT_MS).get();
    }

    boolean notified(long pollMs) throws Exception {
        NotificationRequestHeader h = new NotificationRequestHeader();
        h.setConsumerGroup(group);
        h.setTopic(topic);
        h.setQueueId(queue);
        h.setPollTime(pollMs);
        h.setBornTime(System.currentTimeMillis());
        return api.notification(ctx.env.brokerAddr, h, TIMEOUT_MS).get();
    }

    /** Any request: name, value, name, value ... */
    RemotingCommand call(int code, Object... fields) throws Exception {
        RemotingCommand request = RemotingCommand.createRequestCommand(code, null);
        for (int i = 0; i < fields.length; i += 2) request.addExtField((String) fields[i], String.valueOf(fields[i + 1]));
        return api.getRemotingClient().invokeSync(ctx.env.brokerAddr, request, TIMEOUT_MS);
    }
}
