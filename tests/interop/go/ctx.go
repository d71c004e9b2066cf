// SPDX-License-Identifier: Apache-2.0
//
// What one case works with: the server's addresses, names of its own, a producer, checks whose failure says what was
// expected and what came, and a list of what to shut down behind the case.
package main

import (
	"context"
	"fmt"
	"math/rand"
	"reflect"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

var background = context.Background()

type server struct {
	namesrv primitive.NamesrvAddr
	broker  string
	run     string
	names   atomicCounter
	admin   admin.Admin
}

type atomicCounter struct{ value int64 }

func (c *atomicCounter) next() int64 { return atomic.AddInt64(&c.value, 1) }

// connect learns the broker's address from the id of a message to a topic that does not exist yet.
func connect(namesrv string) (*server, error) {
	s := &server{namesrv: primitive.NamesrvAddr{namesrv}, run: strconv.FormatInt(rand.New(rand.NewSource(time.Now().UnixNano())).Int63n(1<<30), 36)}
	p, err := s.newProducer()
	if err != nil {
		return nil, err
	}
	defer p.Shutdown()
	topic := s.unique("seed")
	sent, err := p.SendSync(background, primitive.NewMessage(topic, []byte("seed")))
	for end := time.Now().Add(30 * time.Second); err != nil && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		sent, err = p.SendSync(background, primitive.NewMessage(topic, []byte("seed"))) // the broker may be new to the name server
	}
	if err != nil {
		return nil, err
	}
	id, err := primitive.UnmarshalMsgID([]byte(sent.OffsetMsgID))
	if err != nil {
		return nil, err
	}
	s.broker = fmt.Sprintf("%s:%d", id.Addr, id.Port)
	s.admin, err = s.newAdmin()
	return s, err
}

func (s *server) newAdmin() (admin.Admin, error) {
	return admin.NewAdmin(admin.WithResolver(primitive.NewPassthroughResolver(s.namesrv)))
}

func (s *server) unique(stem string) string {
	return fmt.Sprintf("%s_go_%s_%d", stem, s.run, s.names.next())
}

// newProducer gives a started one that never tries again, so that a count of messages means something.
func (s *server) newProducer(options ...producer.Option) (rocketmq.Producer, error) {
	all := append([]producer.Option{
		producer.WithNameServer(s.namesrv), producer.WithGroupName(s.unique("P")), producer.WithInstanceName(s.unique("p")),
		producer.WithRetry(0), producer.WithSendMsgTimeout(20 * time.Second)}, options...)
	p, err := rocketmq.NewProducer(all...)
	if err != nil {
		return nil, err
	}
	return p, p.Start()
}

type ctx struct {
	*server
	name   string
	mutex  sync.Mutex
	closes []func()
}

func (t *ctx) own(end func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.closes = append(t.closes, end)
}

func (t *ctx) close() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for i := len(t.closes) - 1; i >= 0; i-- {
		t.closes[i]()
	}
}

func (t *ctx) fail(format string, values ...interface{}) {
	panic(failure(fmt.Sprintf(format, values...)))
}

func (t *ctx) ok(what string, err error) {
	if err != nil {
		t.fail("%s: %v", what, err)
	}
}

func (t *ctx) equal(what string, expected, got interface{}) {
	if !reflect.DeepEqual(expected, got) {
		t.fail("%s: expected %s, got %s", what, brief(expected), brief(got))
	}
}

func brief(value interface{}) string {
	if text := fmt.Sprint(value); len(text) <= 300 {
		return text
	} else {
		return text[:300] + "..."
	}
}

// await polls until the condition holds; it fails with what state() says then.
func (t *ctx) await(what string, limit time.Duration, holds func() bool, state func() interface{}) {
	for end := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.fail("%s not within %v; there is %s", what, limit, brief(state()))
		}
	}
}

// topic creates one and waits until the name server gives its route.
func (t *ctx) topic(queues int) string {
	name := t.unique("T")
	t.ok("create topic", t.admin.CreateTopic(background, admin.WithTopicCreate(name), admin.WithBrokerAddrCreate(t.broker),
		admin.WithReadQueueNums(queues), admin.WithWriteQueueNums(queues)))
	t.await("route of the new topic", 10*time.Second, func() bool { return len(t.queues(name)) == queues },
		func() interface{} { return t.queues(name) })
	return name
}

// queues gives those of the route that the client met first: it keeps it for 30 s.
func (t *ctx) queues(topic string) []*primitive.MessageQueue { return queuesBy(t.admin, topic) }

// queuesNow asks the name server.
func (t *ctx) queuesNow(topic string) []*primitive.MessageQueue {
	fresh, err := t.newAdmin()
	t.ok("new admin", err)
	defer fresh.Close()
	return queuesBy(fresh, topic)
}

func queuesBy(by admin.Admin, topic string) []*primitive.MessageQueue {
	queues, err := by.FetchPublishMessageQueues(background, topic)
	if err != nil {
		return nil
	}
	sort.Slice(queues, func(i, j int) bool { return queues[i].QueueId < queues[j].QueueId })
	return queues
}

func (t *ctx) producer(options ...producer.Option) rocketmq.Producer {
	p, err := t.newProducer(options...)
	t.ok("start of a producer", err)
	t.own(func() { p.Shutdown() })
	return p
}

// toQueues gives a producer that sends where Message.Queue says.
func (t *ctx) toQueues() rocketmq.Producer {
	return t.producer(producer.WithQueueSelector(producer.NewManualQueueSelector()))
}

func (t *ctx) send(p rocketmq.Producer, m *primitive.Message) *primitive.SendResult {
	sent, err := p.SendSync(background, m)
	t.ok("send", err)
	t.equal("status of the send", primitive.SendOK, sent.Status)
	return sent
}

// sendMany sends bodies prefix0.. round robin over the queues; gives the bodies.
func (t *ctx) sendMany(p rocketmq.Producer, topic string, count int, prefix string) []string {
	queues, bodies := t.queues(topic), []string{}
	for i := 0; i < count; i++ {
		body := fmt.Sprint(prefix, i)
		m := primitive.NewMessage(topic, []byte(body))
		m.Queue = queues[i%len(queues)]
		t.equal("queue sent to", m.Queue.QueueId, t.send(p, m).MessageQueue.QueueId)
		bodies = append(bodies, body)
	}
	return bodies
}
