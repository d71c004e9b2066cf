// SPDX-License-Identifier: Apache-2.0
//
// Producers: the ways to send, what a message carries, limits.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

var sendCases = map[string]testCase{
	"sync_sends_count_the_offsets_of_a_queue":       syncSend,
	"async_sends_answer_each_message":               asyncSend,
	"one_way_sends_arrive":                          oneWay,
	"a_batch_arrives_whole_and_in_order":            batch,
	"a_hash_selector_keeps_a_key_in_one_queue":      hashSelector,
	"a_random_selector_reaches_every_queue":         randomSelector,
	"a_message_carries_tag_keys_and_properties":     carries,
	"unicode_bodies_and_properties_come_back_whole": unicode,
	"a_body_of_four_megabytes_less_one_arrives":     big,
	"a_body_over_four_megabytes_is_refused":         tooBig,
	"a_compressed_body_comes_back_whole":            compressed,
	"sending_to_an_unknown_topic_creates_it":        unknownTopic,
	"what_came_back_names_the_message":              names,
}

func syncSend(t *ctx) {
	topic, p := t.topic(1), t.toQueues()
	for i := int64(0); i < 10; i++ {
		m := primitive.NewMessage(topic, []byte("m"))
		m.Queue = t.queues(topic)[0]
		t.equal("offset", i, t.send(p, m).QueueOffset)
	}
}

func asyncSend(t *ctx) {
	topic, p := t.topic(4), t.producer()
	s := t.push(setup{topic: topic})
	var answered sync.WaitGroup
	var mutex sync.Mutex
	ids, wrong, bodies := map[string]bool{}, error(nil), []string{}
	for i := 0; i < 100; i++ {
		answered.Add(1)
		bodies = append(bodies, fmt.Sprint("a", i))
		t.ok("async send", p.SendAsync(background, func(_ context.Context, sent *primitive.SendResult, err error) {
			defer answered.Done()
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil {
				wrong = err
			} else {
				ids[sent.MsgID] = true
			}
		}, primitive.NewMessage(topic, []byte(bodies[i]))))
	}
	answered.Wait()
	t.ok("answer", wrong)
	t.equal("different ids", 100, len(ids))
	s.awaitExactly(bodies)
}

func oneWay(t *ctx) {
	topic, p, bodies := t.topic(4), t.producer(), []string{}
	for i := 0; i < 50; i++ {
		bodies = append(bodies, fmt.Sprint("o", i))
		t.ok("one-way send", p.SendOneWay(background, primitive.NewMessage(topic, []byte(bodies[i]))))
	}
	t.push(setup{topic: topic}).awaitExactly(bodies)
}

func batch(t *ctx) {
	topic, p, messages, bodies := t.topic(4), t.producer(), []*primitive.Message{}, []string{}
	for i := 0; i < 50; i++ {
		bodies = append(bodies, fmt.Sprintf("b%02d", i))
		messages = append(messages, primitive.NewMessage(topic, []byte(bodies[i])).WithTag("T").WithKeys([]string{bodies[i]}))
	}
	sent, err := p.SendSync(background, messages...)
	t.ok("batch", err)
	t.equal("status", primitive.SendOK, sent.Status)
	s := t.push(setup{topic: topic, tags: "T"})
	s.awaitExactly(bodies)
	got := s.got()
	sort.Slice(got, func(i, j int) bool { return got[i].QueueOffset < got[j].QueueOffset })
	for i, message := range got {
		t.equal("offset", sent.QueueOffset+int64(i), message.QueueOffset)
		t.equal("body", bodies[i], string(message.Body))
		t.equal("keys", bodies[i], message.GetKeys())
		t.equal("queue", sent.MessageQueue.QueueId, message.Queue.QueueId)
	}
}

func hashSelector(t *ctx) {
	topic := t.topic(8)
	p := t.producer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	used := map[string]int{}
	for i := 0; i < 64; i++ {
		key := fmt.Sprint("key", i%16)
		queue := t.send(p, primitive.NewMessage(topic, []byte("m")).WithShardingKey(key)).MessageQueue.QueueId
		if before, found := used[key]; found {
			t.equal("queue of "+key, before, queue)
		}
		used[key] = queue
	}
}

func randomSelector(t *ctx) {
	topic := t.topic(4)
	p := t.producer(producer.WithQueueSelector(producer.NewRandomQueueSelector()))
	used := map[int]bool{}
	for i := 0; i < 200; i++ {
		used[t.send(p, primitive.NewMessage(topic, []byte("m"))).MessageQueue.QueueId] = true
	}
	t.equal("queues reached", 4, len(used))
}

func carries(t *ctx) {
	topic, p := t.topic(1), t.producer()
	m := primitive.NewMessage(topic, []byte("body")).WithTag("tag").WithKeys([]string{"k1", "k2"})
	m.Flag = 7
	m.WithProperty("colour", "green")
	m.WithProperty("equals", "a=b;c&d")
	t.send(p, m)
	s := t.push(setup{topic: topic})
	s.awaitCount(1)
	got := s.got()[0]
	t.equal("tag", "tag", got.GetTags())
	t.equal("keys", "k1 k2", got.GetKeys())
	t.equal("flag", int32(7), got.Flag)
	t.equal("property", "green", got.GetProperty("colour"))
	t.equal("property with signs", "a=b;c&d", got.GetProperty("equals"))
}

func unicode(t *ctx) {
	topic, p, text := t.topic(1), t.producer(), "žluť 消息 \U0001F680 \"quoted\" \\ {[,:]}"
	m := primitive.NewMessage(topic, []byte(text)).WithTag("štítek").WithKeys([]string{"клюЧ"})
	m.WithProperty("имя", text)
	t.send(p, m)
	s := t.push(setup{topic: topic}) // not by this tag: the client hashes bytes where Apache's broker hashes UTF-16
	s.awaitCount(1)
	got := s.got()[0]
	t.equal("body", text, string(got.Body))
	t.equal("tag", "štítek", got.GetTags())
	t.equal("keys", "клюЧ", got.GetKeys())
	t.equal("property", text, got.GetProperty("имя"))
}

func big(t *ctx) {
	topic, p := t.topic(1), t.producer(producer.WithCompressMsgBodyOverHowmuch(1<<30))
	body := make([]byte, 4<<20-1)
	rand.Read(body)
	t.send(p, primitive.NewMessage(topic, body))
	s := t.push(setup{topic: topic})
	s.awaitCount(1)
	t.equal("same body", true, bytes.Equal(body, s.got()[0].Body))
}

func tooBig(t *ctx) {
	topic, p := t.topic(1), t.producer(producer.WithCompressMsgBodyOverHowmuch(1<<30))
	_, err := p.SendSync(background, primitive.NewMessage(topic, make([]byte, 4<<20+1)))
	if err == nil {
		t.fail("it was accepted")
	}
	t.send(p, primitive.NewMessage(topic, []byte("small"))) // the connection lives on
}

func compressed(t *ctx) {
	topic, p := t.topic(1), t.producer(producer.WithCompressMsgBodyOverHowmuch(100))
	body := bytes.Repeat([]byte("compress me "), 10000)
	t.send(p, primitive.NewMessage(topic, body))
	s := t.push(setup{topic: topic})
	s.awaitCount(1)
	t.equal("same body", true, bytes.Equal(body, s.got()[0].Body))
}

func unknownTopic(t *ctx) {
	topic, p := t.unique("auto"), t.producer()
	t.send(p, primitive.NewMessage(topic, []byte("first")))
	t.await("its route", 10*time.Second, func() bool { return len(t.queues(topic)) == 4 },
		func() interface{} { return t.queues(topic) })
	t.push(setup{topic: topic}).awaitExactly([]string{"first"})
}

func names(t *ctx) {
	topic, p, before := t.topic(1), t.producer(), time.Now().Add(-time.Minute).UnixMilli()
	sent := t.send(p, primitive.NewMessage(topic, []byte("m")))
	s := t.push(setup{topic: topic})
	s.awaitCount(1)
	got := s.got()[0]
	t.equal("id that the client made", sent.MsgID, got.MsgId)
	t.equal("id that the server made", sent.OffsetMsgID, got.OffsetMsgId)
	t.equal("offset", sent.QueueOffset, got.QueueOffset)
	t.equal("store host", t.broker, got.StoreHost)
	if got.BornTimestamp < before || got.StoreTimestamp < before || got.BornHost == "" {
		t.fail("born %d at %q, stored %d", got.BornTimestamp, got.BornHost, got.StoreTimestamp)
	}
}
