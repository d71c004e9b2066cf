// SPDX-License-Identifier: Apache-2.0
//
// A push consumer that keeps what it gets.
package main

import (
	"context"
	"sort"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

type sink struct {
	t        *ctx
	consumer rocketmq.PushConsumer
	once     sync.Once
	mutex    sync.Mutex
	messages []*primitive.MessageExt
}

type setup struct {
	topic, group, tags, instance string
	failFirst                    int
	options                      []consumer.Option
}

// push starts a consumer; without a group it is the first of a group of its own.
func (t *ctx) push(with setup) *sink {
	if with.group == "" {
		with.group = t.unique("G")
	}
	if with.tags == "" {
		with.tags = "*"
	}
	if with.instance == "" {
		with.instance = t.unique("c")
	}
	options := append([]consumer.Option{
		consumer.WithNameServer(t.namesrv), consumer.WithGroupName(with.group), consumer.WithInstance(with.instance),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset)}, with.options...)
	c, err := rocketmq.NewPushConsumer(options...)
	t.ok("new push consumer", err)
	s := &sink{t: t, consumer: c}
	left := with.failFirst
	t.ok("subscribe", c.Subscribe(with.topic, consumer.MessageSelector{Type: consumer.TAG, Expression: with.tags},
		func(context context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			for _, message := range messages {
				kept := &primitive.MessageExt{MsgId: message.MsgId, OffsetMsgId: message.OffsetMsgId, QueueOffset: message.QueueOffset,
					BornTimestamp: message.BornTimestamp, StoreTimestamp: message.StoreTimestamp, ReconsumeTimes: message.ReconsumeTimes,
					BornHost: message.BornHost, StoreHost: message.StoreHost}
				kept.Topic, kept.Body, kept.Flag, kept.Queue = message.Topic, message.Body, message.Flag, message.Queue
				kept.WithProperties(message.GetProperties())
				s.messages = append(s.messages, kept)
			}
			if left > 0 {
				left--
				if how, found := primitive.GetConcurrentlyCtx(context); found {
					how.DelayLevelWhenNextConsume = 1
				}
				return consumer.ConsumeRetryLater, nil
			}
			return consumer.ConsumeSuccess, nil
		}))
	t.ok("start of a consumer", c.Start())
	t.own(s.stop)
	return s
}

func (s *sink) stop() { s.once.Do(func() { s.consumer.Shutdown() }) }

func (s *sink) got() []*primitive.MessageExt {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]*primitive.MessageExt{}, s.messages...)
}

func (s *sink) bodies() []string {
	bodies := []string{}
	for _, message := range s.got() {
		bodies = append(bodies, string(message.Body))
	}
	return bodies
}

func (s *sink) awaitCount(count int) {
	s.t.await("so many messages", 30*time.Second, func() bool { return len(s.got()) >= count },
		func() interface{} { return len(s.got()) })
}

// awaitExactly waits for these bodies in any order; a moment later nothing more may have come.
func (s *sink) awaitExactly(expected []string) {
	s.awaitCount(len(expected))
	time.Sleep(100 * time.Millisecond)
	s.t.equal("bodies", sorted(expected), sorted(s.bodies()))
}

func sorted(texts []string) []string {
	all := append([]string{}, texts...)
	sort.Strings(all)
	return all
}
