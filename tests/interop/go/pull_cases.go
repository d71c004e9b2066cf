// SPDX-License-Identifier: Apache-2.0
//
// Pull consumers: polling with acknowledgement, and pulling a queue by hand.
package main

import (
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var pullCases = map[string]testCase{
	"polling_gets_every_message_and_acknowledges":  poll,
	"a_pull_from_an_offset_gives_what_is_there":    pullFrom,
	"a_pull_beyond_the_end_says_so":                pullBeyond,
	"a_pull_by_tag_gives_only_that_tag":            pullByTag,
	"offsets_that_a_pull_consumer_keeps_are_there": keepOffset,
}

func (t *ctx) puller(topic, group, tags string) rocketmq.PullConsumer {
	c, err := rocketmq.NewPullConsumer(consumer.WithNameServer(t.namesrv), consumer.WithGroupName(group),
		consumer.WithInstance(t.unique("pull")), consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	t.ok("new pull consumer", err)
	t.ok("subscribe", c.Subscribe(topic, consumer.MessageSelector{Type: consumer.TAG, Expression: tags}))
	t.ok("start of a pull consumer", c.Start())
	t.own(func() { c.Shutdown() })
	return c
}

func poll(t *ctx) {
	topic, group := t.topic(4), t.unique("G")
	bodies := t.sendMany(t.toQueues(), topic, 60, "p ")
	c, got := t.puller(topic, group, "*"), []string{}
	for end := time.Now().Add(30 * time.Second); len(got) < 60 && time.Now().Before(end); {
		request, err := c.Poll(background, time.Second)
		if err != nil {
			continue
		}
		for _, message := range request.GetMsgList() {
			got = append(got, string(message.Body))
		}
		c.ACK(background, request, consumer.ConsumeSuccess)
	}
	t.equal("bodies", sorted(bodies), sorted(got))
	t.ok("persist", c.PersistOffset(background, topic))
	t.ok("shutdown", c.Shutdown())
	later := t.sendMany(t.toQueues(), topic, 8, "later ")
	t.push(setup{topic: topic, group: group}).awaitExactly(later)
}

func (t *ctx) pullHere(c rocketmq.PullConsumer, queue *primitive.MessageQueue, offset int64, count int) *primitive.PullResult {
	result, err := c.PullFrom(background, queue, offset, count)
	t.ok("pull", err)
	return result
}

func (t *ctx) awaitPulled(c rocketmq.PullConsumer, queue *primitive.MessageQueue, end int64) {
	t.await("all can be read", 10*time.Second, func() bool { return t.pullHere(c, queue, 0, 1).MaxOffset == end },
		func() interface{} { return t.pullHere(c, queue, 0, 1).MaxOffset })
}

func pullFrom(t *ctx) {
	topic := t.topic(1)
	t.sendMany(t.toQueues(), topic, 20, "m ")
	c, queue := t.puller(topic, t.unique("G"), "*"), t.queues(topic)[0]
	t.awaitPulled(c, queue, 20)
	for _, from := range []int64{0, 7, 15} {
		result := t.pullHere(c, queue, from, 5)
		t.equal("status", primitive.PullFound, result.Status)
		t.equal("next offset", from+5, result.NextBeginOffset)
		t.equal("smallest offset", int64(0), result.MinOffset)
		t.equal("largest offset", int64(20), result.MaxOffset)
		for i, message := range result.GetMessageExts() {
			t.equal("body", fmt.Sprint("m ", from+int64(i)), string(message.Body))
		}
	}
}

func pullBeyond(t *ctx) {
	topic := t.topic(1)
	t.sendMany(t.toQueues(), topic, 3, "m ")
	c, queue := t.puller(topic, t.unique("G"), "*"), t.queues(topic)[0]
	t.awaitPulled(c, queue, 3)
	result := t.pullHere(c, queue, 100, 5)
	t.equal("status", primitive.PullOffsetIllegal, result.Status)
	t.equal("next offset", int64(3), result.NextBeginOffset)
}

func pullByTag(t *ctx) {
	topic, p := t.topic(1), t.toQueues()
	for i := 0; i < 10; i++ {
		m := primitive.NewMessage(topic, []byte(fmt.Sprint(i))).WithTag([]string{"even", "odd"}[i%2])
		m.Queue = t.queues(topic)[0]
		t.send(p, m)
	}
	c, queue := t.puller(topic, t.unique("G"), "odd"), t.queues(topic)[0]
	t.awaitPulled(c, queue, 10)
	result, bodies := t.pullHere(c, queue, 0, 32), []string{}
	for _, message := range result.GetMessageExts() {
		bodies = append(bodies, string(message.Body))
	}
	t.equal("bodies", []string{"1", "3", "5", "7", "9"}, bodies)
	t.equal("next offset", int64(10), result.NextBeginOffset)
}

func keepOffset(t *ctx) {
	topic, group, p := t.topic(1), t.unique("G"), t.toQueues()
	bodies := t.sendMany(p, topic, 10, "m ")
	c, queue := t.puller(topic, group, "*"), t.queues(topic)[0]
	t.await("the queue is this member's", 15*time.Second, func() bool {
		_, err := c.Poll(background, time.Second)
		return err == nil
	}, func() interface{} { return "nothing to poll" })
	t.ok("update", c.UpdateOffset(queue, 6))
	t.ok("persist", c.PersistOffset(background, topic))
	got, err := c.CurrentOffset(queue)
	t.ok("current offset", err)
	t.equal("current offset", int64(6), got)
	t.ok("shutdown", c.Shutdown())
	t.push(setup{topic: topic, group: group}).awaitExactly(bodies[6:])
}
