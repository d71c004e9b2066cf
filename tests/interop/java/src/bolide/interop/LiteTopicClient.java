// SPDX-License-Identifier: Apache-2.0
//
// One client of a group that takes lite topics, call by call: its subscriptions, its pops, its
// acknowledgements, and what the broker tells it.
package bolide.interop;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.impl.mqclient.MQClientAPIExt;
import org.apache.rocketmq.common.lite.LiteSubscriptionAction;
import org.apache.rocketmq.common.lite.LiteSubscriptionDTO;
import org.apache.rocketmq.common.lite.OffsetOption;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyRequestProcessor;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RequestCode;
import org.apache.rocketmq.remoting.protocol.body.LiteSubscriptionCtlRequestBody;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.LiteSubscriptionCtlRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.NotifyUnsubscribeLiteRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PopLiteMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PopLiteMessageResponseHeader;

final class LiteTopicClient implements AutoCloseable {
    private static final long TIMEOUT_MS = 20_000;

    /** What a pop was answered with. */
    record Popped(int code, PopLiteMessageResponseHeader header, List<MessageExt> messages) {
        List<String> bodies() {
            return messages.stream().map(m -> new String(m.getBody())).toList();
        }
    }

    private final Ctx ctx;
    final String group;
    final String topic;
    final String id;
    private final MQClientAPIExt api;
    final BlockingQueue<NotifyUnsubscribeLiteRequestHeader> notices = new LinkedBlockingQueue<>();
    int batch = 32;
    long invisibleMs = 30_000;
    long pollMs = 0;

    LiteTopicClient(Ctx ctx, String group, String topic) throws Exception {
        this.ctx = ctx;
        this.group = group;
        this.topic = topic;
        this.id = ctx.unique();
        api = new MQClientAPIExt(new ClientConfig(), new NettyClientConfig(), null, null);
        api.updateNameServerAddressList(ctx.env.options.namesrv());
        api.getRemotingClient().registerProcessor(RequestCode.NOTIFY_UNSUBSCRIBE_LITE, new NettyRequestProcessor() {
            @Override
            public RemotingCommand processRequest(io.netty.channel.ChannelHandlerContext c, RemotingCommand request) throws Exception {
                notices.add((NotifyUnsubscribeLiteRequestHeader) request.decodeCommandCustomHeader(NotifyUnsubscribeLiteRequestHeader.class));
                return null;
            }

            @Override
            public boolean rejectRequest() {
                return false;
            }
        }, null);
        api.start();
        ctx.own(this);
    }

    @Override
    public void close() {
        api.shutdown();
    }

    RemotingCommand call(int code, CommandCustomHeader header, byte[] body) throws Exception {
        RemotingCommand request = RemotingCommand.createRequestCommand(code, header);
        request.setBody(body);
        return api.getRemotingClient().invokeSync(ctx.env.brokerAddr, request, TIMEOUT_MS);
    }

    int control(LiteSubscriptionAction action, long version, OffsetOption begin, String... liteTopics) throws Exception {
        LiteSubscriptionDTO one = new LiteSubscriptionDTO().setAction(action).setClientId(id).setGroup(group)
            .setTopic(topic).setLiteTopicSet(Set.of(liteTopics)).setVersion(version);
        one.setOffsetOption(begin);
        LiteSubscriptionCtlRequestBody body = new LiteSubscriptionCtlRequestBody();
        body.setSubscriptionSet(Set.of(one));
        return call(RequestCode.LITE_SUBSCRIPTION_CTL, new LiteSubscriptionCtlRequestHeader(), body.encode()).getCode();
    }

    void add(String... liteTopics) throws Exception {
        ctx.equal("code of a subscription", 0, control(LiteSubscriptionAction.PARTIAL_ADD, 0, null, liteTopics));
    }

    void addFrom(OffsetOption begin, String liteTopic) throws Exception {
        ctx.equal("code of a subscription", 0, control(LiteSubscriptionAction.PARTIAL_ADD, 0, begin, liteTopic));
    }

    void remove(String... liteTopics) throws Exception {
        ctx.equal("code of a removal", 0, control(LiteSubscriptionAction.PARTIAL_REMOVE, 0, null, liteTopics));
    }

    PopLiteMessageRequestHeader header() {
        PopLiteMessageRequestHeader h = new PopLiteMessageRequestHeader();
        h.setClientId(id);
        h.setConsumerGroup(group);
        h.setTopic(topic);
        h.setMaxMsgNum(batch);
        h.setInvisibleTime(invisibleMs);
        h.setPollTime(pollMs);
        h.setBornTime(System.currentTimeMillis());
        return h;
    }

    Popped pop(PopLiteMessageRequestHeader h) throws Exception {
        RemotingCommand r = call(RequestCode.POP_LITE_MESSAGE, h, null);
        List<MessageExt> messages = r.getBody() == null || r.getBody().length == 0 ? List.of()
            : MessageDecoder.decodes(ByteBuffer.wrap(r.getBody()));
        return new Popped(r.getCode(), r.getExtFields() == null ? null
            : (PopLiteMessageResponseHeader) r.decodeCommandCustomHeader(PopLiteMessageResponseHeader.class), messages);
    }

    Popped pop() throws Exception {
        return pop(header());
    }

    /** Pops that wait until one has something. */
    Popped awaitPop() throws Exception {
        pollMs = 2_000;
        Popped[] got = new Popped[1];
        ctx.await("messages of lite topics", 20_000, () -> !(got[0] = pop()).messages.isEmpty(), () -> got[0].code);
        pollMs = 0;
        return got[0];
    }

    CompletableFuture<Popped> popWaiting(long ms) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                PopLiteMessageRequestHeader h = header();
                h.setPollTime(ms);
                return pop(h);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    static long offset(MessageExt m) {
        return Long.parseLong(m.getProperty("INNER_MULTI_QUEUE_OFFSET"));
    }

    static String liteTopic(MessageExt m) {
        return m.getProperty("__LITE_TOPIC");
    }

    private String receipt(Popped p, long offset) {
        return offset + " " + p.header.getPopTime() + " " + p.header.getInvisibleTime() + " " + p.header.getReviveQid()
            + " 0 " + ctx.env.brokerName + " 0 " + offset;
    }

    AckMessageRequestHeader ackHeader(Popped p, MessageExt m) {
        AckMessageRequestHeader h = new AckMessageRequestHeader();
        h.setConsumerGroup(group);
        h.setTopic(topic);
        h.setQueueId(0);
        h.setOffset(offset(m));
        h.setExtraInfo(receipt(p, offset(m)));
        h.setLiteTopic(liteTopic(m));
        return h;
    }

    int ack(AckMessageRequestHeader h) throws Exception {
        return call(RequestCode.ACK_MESSAGE, h, null).getCode();
    }

    void ackAll(Popped p) throws Exception {
        for (MessageExt m : p.messages) ctx.equal("code of an acknowledgement", 0, ack(ackHeader(p, m)));
    }

    RemotingCommand change(Popped p, MessageExt m, long invisibleMs, boolean suspend) throws Exception {
        ChangeInvisibleTimeRequestHeader h = new ChangeInvisibleTimeRequestHeader();
        h.setConsumerGroup(group);
        h.setTopic(topic);
        h.setQueueId(0);
        h.setOffset(offset(m));
        h.setExtraInfo(receipt(p, offset(m)));
        h.setInvisibleTime(invisibleMs);
        h.setLiteTopic(liteTopic(m));
        h.setSuspend(suspend);
        return call(RequestCode.CHANGE_MESSAGE_INVISIBLETIME, h, null);
    }

    NotifyUnsubscribeLiteRequestHeader awaitNotice() throws Exception {
        NotifyUnsubscribeLiteRequestHeader h = notices.poll(10, TimeUnit.SECONDS);
        ctx.check(h != null, "the broker told nothing");
        return h;
    }
}
