// SPDX-License-Identifier: Apache-2.0
//
// Push consumers: sharing, take-over, broadcasting, order, filters, where a new group starts, failed messages.
package main

import (
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

var pushCases = map[string]testCase{
	"one_push_consumer_gets_every_message_once":           oneConsumer,
	"a_group_continues_where_it_stopped":                  continues,
	"two_members_share_the_queues_and_one_takes_over":     share,
	"broadcasting_gives_each_member_every_message":        broadcasting,
	"an_orderly_consumer_gets_each_key_in_order":          orderly,
	"an_orderly_member_takes_over_behind_one_that_leaves": orderlyTakeOver,
	"tags_select_what_a_consumer_gets":                    tags,
	"a_new_group_from_last_starts_a_young_queue_at_0":     fromLast,
	"a_new_group_from_a_time_gets_what_came_since":        fromTime,
	"a_failed_message_comes_again":                        failed,
}

func oneConsumer(t *ctx) {
	topic, p := t.topic(4), t.toQueues()
	bodies := t.sendMany(p, topic, 100, "early ")
	s := t.push(setup{topic: topic})
	s.awaitCount(100)
	s.awaitExactly(append(bodies, t.sendMany(p, topic, 100, "late ")...))
}

func continues(t *ctx) {
	topic, p, group := t.topic(2), t.toQueues(), t.unique("G")
	first := t.push(setup{topic: topic, group: group})
	first.awaitExactly(t.sendMany(p, topic, 20, "first "))
	first.stop()
	later := t.sendMany(p, topic, 20, "later ")
	t.push(setup{topic: topic, group: group}).awaitExactly(later)
}

func share(t *ctx) {
	topic, p, group := t.topic(4), t.toQueues(), t.unique("G")
	a := t.push(setup{topic: topic, group: group})
	a.awaitExactly(t.sendMany(p, topic, 8, "alone "))
	b := t.push(setup{topic: topic, group: group})
	waves := 0
	t.await("two queues each", 15*time.Second, func() bool {
		waves++
		before, beside := len(a.got()), len(b.got())
		t.sendMany(p, topic, 8, fmt.Sprint("wave ", waves, " "))
		t.await("a wave", 15*time.Second, func() bool { return len(a.got())-before+len(b.got())-beside >= 8 },
			func() interface{} { return []int{len(a.got()) - before, len(b.got()) - beside} })
		mine, yours := queuesOf(a.got()[before:]), queuesOf(b.got()[beside:])
		return len(mine) == 2 && len(yours) == 2
	}, func() interface{} { return []interface{}{queuesOf(a.got()), queuesOf(b.got())} })
	a.stop()
	last := t.sendMany(p, topic, 40, "last ")
	missing := func() interface{} { return lacking(last, b.bodies()) }
	t.await("everything at the last member", 30*time.Second, func() bool { return len(lacking(last, b.bodies())) == 0 }, missing)
}

// lacking gives what is not among `got`. Where queues change hands a message may come twice.
func lacking(expected, got []string) []string {
	have, without := map[string]bool{}, []string{}
	for _, body := range got {
		have[body] = true
	}
	for _, body := range expected {
		if !have[body] {
			without = append(without, body)
		}
	}
	return without
}

func queuesOf(messages []*primitive.MessageExt) map[int]bool {
	queues := map[int]bool{}
	for _, message := range messages {
		queues[message.Queue.QueueId] = true
	}
	return queues
}

func broadcasting(t *ctx) {
	topic, p, group := t.topic(4), t.toQueues(), t.unique("G")
	options := []consumer.Option{consumer.WithConsumerModel(consumer.BroadCasting)}
	a, b := t.push(setup{topic: topic, group: group, options: options}), t.push(setup{topic: topic, group: group, options: options})
	bodies := t.sendMany(p, topic, 40, "b ")
	a.awaitExactly(bodies)
	b.awaitExactly(bodies)
}

func sendKeys(t *ctx, topic string, from, to int) {
	p := t.producer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	for i := from; i < to; i++ {
		key := fmt.Sprint("k", i%5)
		t.send(p, primitive.NewMessage(topic, []byte(fmt.Sprintf("%04d", i))).WithShardingKey(key))
	}
}

func inOrder(t *ctx, s *sink) {
	last := map[string]string{}
	for _, message := range s.got() {
		key := message.GetShardingKey()
		if string(message.Body) <= last[key] {
			t.fail("key %s: %s came after %s", key, message.Body, last[key])
		}
		last[key] = string(message.Body)
	}
}

func orderly(t *ctx) {
	topic := t.topic(4)
	s := t.push(setup{topic: topic, options: []consumer.Option{consumer.WithConsumerOrder(true)}})
	sendKeys(t, topic, 0, 100)
	s.awaitCount(100)
	t.equal("messages", 100, len(s.got()))
	inOrder(t, s)
}

func orderlyTakeOver(t *ctx) {
	topic, group := t.topic(2), t.unique("G")
	options := []consumer.Option{consumer.WithConsumerOrder(true)}
	a := t.push(setup{topic: topic, group: group, options: options})
	sendKeys(t, topic, 0, 50)
	a.awaitCount(50)
	a.stop()
	b := t.push(setup{topic: topic, group: group, options: options})
	sendKeys(t, topic, 50, 100)
	b.awaitCount(50)
	t.equal("messages of the second", 50, len(b.got()))
	inOrder(t, a)
	inOrder(t, b)
}

func tags(t *ctx) {
	topic, p := t.topic(2), t.producer()
	some, all := t.push(setup{topic: topic, tags: "red || blue"}), t.push(setup{topic: topic})
	chosen, every := []string{}, []string{}
	for i := 0; i < 30; i++ {
		tag := []string{"red", "green", "blue"}[i%3]
		body := fmt.Sprint(tag, " ", i)
		t.send(p, primitive.NewMessage(topic, []byte(body)).WithTag(tag))
		every = append(every, body)
		if tag != "green" {
			chosen = append(chosen, body)
		}
	}
	all.awaitExactly(every)
	some.awaitExactly(chosen)
}

// A queue that was never trimmed: there a new group starts at 0 even so.
func fromLast(t *ctx) {
	topic, p, group := t.topic(1), t.toQueues(), t.unique("G")
	old := t.sendMany(p, topic, 10, "old ")
	options := []consumer.Option{consumer.WithConsumeFromWhere(consumer.ConsumeFromLastOffset)}
	s := t.push(setup{topic: topic, group: group, options: options})
	s.awaitExactly(append(old, t.sendMany(p, topic, 10, "new ")...))
}

func fromTime(t *ctx) {
	topic, p := t.topic(1), t.toQueues()
	t.sendMany(p, topic, 10, "m ")
	option := func(at time.Time) []consumer.Option {
		return []consumer.Option{consumer.WithConsumeFromWhere(consumer.ConsumeFromTimestamp),
			consumer.WithConsumeTimestamp(at.Format("20060102150405"))}
	}
	t.push(setup{topic: topic, options: option(time.Now().Add(-time.Hour))}).awaitCount(10)
}

// The retry topic exists, and has a route, from the first start of the group on.
func failed(t *ctx) {
	topic, p, group := t.topic(1), t.toQueues(), t.unique("G")
	first := t.push(setup{topic: topic, group: group})
	first.awaitExactly(t.sendMany(p, topic, 1, "first "))
	first.stop()
	s := t.push(setup{topic: topic, group: group, failFirst: 1})
	t.sendMany(p, topic, 1, "again ")
	s.awaitCount(2)
	got := s.got()
	t.equal("topic of both", []string{topic, topic}, []string{got[0].Topic, got[1].Topic})
	t.equal("body", "again 0", string(got[1].Body))
	t.equal("reconsume times", []int32{0, 1}, []int32{got[0].ReconsumeTimes, got[1].ReconsumeTimes})
}
