// SPDX-License-Identifier: Apache-2.0
//
// The calls that the Go client's admin has.
package main

import (
	"time"

	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

var adminCases = map[string]testCase{
	"a_topic_is_created_listed_and_deleted":   topicLife,
	"a_topic_can_get_more_queues":             moreQueues,
	"a_group_is_listed_once_it_has_a_member":  groupListed,
	"every_queue_of_a_route_names_the_broker": routeQueues,
}

func (t *ctx) isListed(topic string) bool {
	topics, err := t.admin.FetchAllTopicList(background)
	t.ok("list of topics", err)
	for _, name := range topics.TopicList {
		if name == topic {
			return true
		}
	}
	return false
}

func topicLife(t *ctx) {
	topic := t.topic(3)
	t.equal("listed", true, t.isListed(topic))
	t.ok("delete", t.admin.DeleteTopic(background, admin.WithTopicDelete(topic), admin.WithBrokerAddrDelete(t.broker),
		admin.WithNameSrvAddr(t.namesrv)))
	t.await("no longer listed", 10*time.Second, func() bool { return !t.isListed(topic) }, func() interface{} { return topic })
	t.await("no route", 10*time.Second, func() bool { return len(t.queuesNow(topic)) == 0 },
		func() interface{} { return t.queuesNow(topic) })
}

func moreQueues(t *ctx) {
	topic := t.topic(2)
	t.ok("update", t.admin.CreateTopic(background, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(t.broker),
		admin.WithReadQueueNums(6), admin.WithWriteQueueNums(6)))
	t.await("six queues", 10*time.Second, func() bool { return len(t.queuesNow(topic)) == 6 },
		func() interface{} { return t.queuesNow(topic) })
}

func groupListed(t *ctx) {
	topic, group := t.topic(1), t.unique("G")
	t.push(setup{topic: topic, group: group})
	listed := func() bool {
		groups, err := t.admin.GetAllSubscriptionGroup(background, t.broker, 5*time.Second)
		t.ok("list of groups", err)
		return groups.SubscriptionGroupTable[group].GroupName == group && groups.SubscriptionGroupTable[group].ConsumeEnable
	}
	t.await("the group listed", 10*time.Second, listed, func() interface{} { return group })
}

func routeQueues(t *ctx) {
	topic := t.topic(5)
	sent := t.send(t.toQueues(), &primitive.Message{Topic: topic, Body: []byte("m"), Queue: t.queues(topic)[4]})
	for i, queue := range t.queues(topic) {
		t.equal("number", i, queue.QueueId)
		t.equal("broker", sent.MessageQueue.BrokerName, queue.BrokerName)
	}
}
