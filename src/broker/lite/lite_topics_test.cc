// SPDX-License-Identifier: Apache-2.0
//
// Lite topics: subscribing, popping, acknowledging (rocketmq semantics 3.24).
#include "base/errors.h"
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;

using Bodies = std::vector<std::string>;

constexpr SessionId here = 40;
constexpr SessionId there = 41;

struct Popped {
  PopStatus status = PopStatus::nothing;
  std::optional<Error> error;
  Bodies bodies;
  WallMs given_ms = 0;
  std::vector<PopQueue> queues;
};

class LiteTest : public ::testing::Test {
 protected:
  explicit LiteTest(testing::RigOptions options = {}) : rig_(std::move(options)) {
    rig_.put_topic("orders", 1, "+message.type=LITE");
    put_group("workers");
  }
  void put_group(std::string_view name, std::map<std::string, std::string> attributes = {}) {
    GroupConfig config;
    config.name = name;
    config.attributes = std::move(attributes);
    config.attributes.try_emplace("+lite.bind.topic", "orders");
    Answer<void> answer;
    rig_.core->put_group(rig_.anonymous, config, answer.reply());
    ASSERT_TRUE(answer.get().has_value());
  }
  void send(std::string_view lite, std::string_view body) {
    rig_.send("orders", body, 0, property("__LITE_TOPIC", lite));
  }
  LiteSubscription wish(LiteAction action, std::string_view client,
                        std::vector<std::string> lite_topics) {
    return {.action = action,
            .client_id = std::string(client),
            .group = "workers",
            .topic = "orders",
            .lite_topics = std::move(lite_topics)};
  }
  Result<> subscribe(const LiteSubscription& wish, SessionId session = here) {
    Answer<void> answer;
    rig_.core->subscribe_lite(rig_.anonymous, {.sink = &rig_.sink, .session = session}, wish,
                              answer.reply());
    rig_.core->end_of_turn();
    return std::move(answer.get());
  }
  void add(std::string_view client, std::vector<std::string> lite_topics,
           SessionId session = here) {
    ASSERT_TRUE(subscribe(wish(LiteAction::add, client, std::move(lite_topics)), session));
  }
  PopRequest pop_request(std::string_view client, std::int64_t suspend_ms = 0) {
    PopRequest made;
    made.ticket = {.sink = &rig_.sink, .session = here, .token = ++token_};
    made.identity = &rig_.anonymous;
    made.group = "workers";
    made.topic = "orders";
    made.lite_client = client;
    made.suspend_ms = suspend_ms;
    made.ordered = true;
    return made;
  }
  Popped last(std::size_t before) {
    Popped popped;
    if (rig_.sink.popped.size() == before) return popped;
    EXPECT_EQ(rig_.sink.popped.size(), before + 1);
    PopResult& result = rig_.sink.popped.back().result;
    popped.status = result.status;
    popped.error = result.error;
    popped.given_ms = result.given_ms;
    popped.queues = result.queues;
    store::ReadResult read;
    read.records = result.records;
    popped.bodies = store::testing::bodies(read);
    return popped;
  }
  Popped pop(const PopRequest& request) {
    const std::size_t before = rig_.sink.popped.size();
    rig_.core->pop(request);
    rig_.core->end_of_turn();
    return last(before);
  }
  Popped pop(std::string_view client) { return pop(pop_request(client)); }
  // Parks a pop; what comes later is seen by answered().
  void park(std::string_view client, SessionId session = here) {
    PopRequest request = pop_request(client, 30'000);
    request.ticket.session = session;
    before_ = rig_.sink.popped.size();
    rig_.core->pop(request);
    rig_.core->end_of_turn();
  }
  Popped answered() { return last(before_); }
  LiteLease lease(std::string_view lite, std::int64_t offset, WallMs given_ms) {
    return {.lease = {.group = "workers",
                      .topic = "orders",
                      .offset = offset,
                      .given_ms = given_ms,
                      .ordered = true},
            .lite_topic = lite};
  }
  Result<Settled> ack(const LiteLease& lease) {
    Answer<Settled> answer;
    rig_.core->ack_lite(rig_.anonymous, lease, answer.reply());
    rig_.core->end_of_turn();
    return std::move(answer.get());
  }
  Result<LeaseChange> change(const LiteLease& lease, const LiteChange& change) {
    Answer<LeaseChange> answer;
    rig_.core->change_lite(rig_.anonymous, lease, change, answer.reply());
    rig_.core->end_of_turn();
    return std::move(answer.get());
  }

  CoreRig rig_;
  std::int32_t token_ = 0;
  std::size_t before_ = 0;
};

TEST_F(LiteTest, gives_all_that_a_client_subscribes_to_in_order) {
  send("a", "a0");
  send("b", "b0");
  send("c", "c0");
  send("a", "a1");
  add("c1", {"a", "b"});
  const Popped popped = pop("c1");
  EXPECT_EQ(popped.bodies, (Bodies{"a0", "a1", "b0"}));
  ASSERT_EQ(popped.queues.size(), 2U);
  EXPECT_EQ(popped.queues[0].offsets, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(pop("c1").status, PopStatus::nothing) << "each waits until all of it is done";
}

TEST_F(LiteTest, gives_the_next_when_all_is_acknowledged) {
  add("c1", {"a"});
  send("a", "a0");
  const Popped first = pop("c1");
  send("a", "a1");
  EXPECT_EQ(pop("c1").bodies, Bodies{});
  EXPECT_EQ(ack(lease("a", 0, first.given_ms)), Settled::done);
  EXPECT_EQ(pop("c1").bodies, Bodies{"a1"});
  EXPECT_EQ(ack(lease("a", 0, first.given_ms)), Settled::earlier);
}

TEST_F(LiteTest, gives_again_what_was_not_acknowledged_in_time) {
  add("c1", {"a"});
  send("a", "a0");
  send("a", "a1");
  EXPECT_EQ(pop("c1").bodies, (Bodies{"a0", "a1"}));
  park("c1");
  rig_.pass_ms(59'000);
  EXPECT_EQ(answered().status, PopStatus::nothing);
  park("c1");
  rig_.pass_ms(1'500);
  const Popped again = answered();
  EXPECT_EQ(again.bodies, (Bodies{"a0", "a1"}));
  EXPECT_EQ(again.queues.at(0).times, (std::vector<std::int32_t>{1, 1}));
}

TEST_F(LiteTest, wakes_a_pop_that_waits) {
  add("c1", {"a", "later"});
  park("c1");
  send("b", "b0");
  EXPECT_EQ(answered().bodies, Bodies{});
  send("later", "l0");
  EXPECT_EQ(answered().bodies, Bodies{"l0"});
}

TEST_F(LiteTest, gives_a_message_to_one_client_of_a_group) {
  add("c1", {"a"});
  add("c2", {"a"}, there);
  send("a", "a0");
  const Bodies first = pop("c1").bodies;
  const Bodies second = pop("c2").bodies;
  EXPECT_EQ(first.size() + second.size(), 1U);
}

TEST_F(LiteTest, gives_what_a_client_left_to_another) {
  add("c1", {"a"});
  add("c2", {"a"}, there);
  for (int i = 0; i < 2; ++i) {
    send("a", "a");
    rig_.core->session_closed(here);
    const Popped popped = pop("c2");
    EXPECT_EQ(popped.bodies, Bodies{"a"});
    EXPECT_EQ(ack(lease("a", i, popped.given_ms)), Settled::done);
    add("c1", {"a"});
  }
}

TEST_F(LiteTest, gives_nothing_to_a_session_that_has_closed) {
  add("c1", {"a"});
  park("c1");
  rig_.core->session_closed(here);
  send("a", "a0");
  EXPECT_EQ(answered().bodies, Bodies{});
  EXPECT_EQ(rig_.core->core_stats().leases.messages, 0U);
  add("c2", {"a"}, there);
  EXPECT_EQ(pop("c2").bodies, Bodies{"a0"});
}

TEST_F(LiteTest, finds_those_that_do_not_come_for_what_is_theirs) {
  add("c1", {"a"});
  add("c2", {"a"}, there);
  send("a", "a0");
  rig_.pass_ms(20'000);
  Bodies got = pop("c2").bodies;
  rig_.pass_ms(20'000);
  if (got.empty()) got = pop("c2").bodies;
  EXPECT_EQ(got, Bodies{"a0"});
}

TEST_F(LiteTest, keeps_whole_lists_by_their_version) {
  for (const char* lite : {"a", "b", "c"}) send(lite, lite);
  LiteSubscription whole = wish(LiteAction::replace, "c1", {"a", "b"});
  whole.version = 7;
  ASSERT_TRUE(subscribe(whole));
  whole.version = 6;
  whole.lite_topics = {"c"};
  ASSERT_TRUE(subscribe(whole));
  ASSERT_TRUE(subscribe(wish(LiteAction::remove, "c1", {"a", "never"})));
  EXPECT_EQ(pop("c1").bodies, Bodies{"b"});
  whole.version = 8;
  ASSERT_TRUE(subscribe(whole));
  EXPECT_EQ(pop("c1").bodies, Bodies{"c"});
  ASSERT_TRUE(subscribe(wish(LiteAction::remove_all, "c1", {})));
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 0U);
}

TEST_F(LiteTest, knows_a_client_in_each_of_its_groups) {
  put_group("others");
  send("a", "a0");
  add("c1", {"a"});
  LiteSubscription other = wish(LiteAction::add, "c1", {"a"});
  other.group = "others";
  ASSERT_TRUE(subscribe(other));
  EXPECT_EQ(pop("c1").bodies, Bodies{"a0"});
  PopRequest request = pop_request("c1");
  request.group = "others";
  EXPECT_EQ(pop(request).bodies, Bodies{"a0"});
  ASSERT_TRUE(subscribe(wish(LiteAction::remove_all, "c1", {})));
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 1U);
}

TEST_F(LiteTest, begins_where_the_client_says) {
  for (int i = 0; i < 4; ++i) send("a", "a" + std::to_string(i));
  LiteSubscription begin = wish(LiteAction::add, "c1", {"a"});
  begin.start = LiteStart{.kind = LiteStart::Kind::end};
  ASSERT_TRUE(subscribe(begin));
  EXPECT_EQ(pop("c1").bodies, Bodies{});
  begin.start = LiteStart{.kind = LiteStart::Kind::tail, .value = 1};
  ASSERT_TRUE(subscribe(begin));
  EXPECT_EQ(pop("c1").bodies, Bodies{"a3"});
  begin.start = LiteStart{.kind = LiteStart::Kind::offset, .value = 2};
  ASSERT_TRUE(subscribe(begin));
  EXPECT_EQ(pop("c1").bodies, (Bodies{"a2", "a3"}));
  begin.start = LiteStart{.kind = LiteStart::Kind::first};
  ASSERT_TRUE(subscribe(begin));
  EXPECT_EQ(pop("c1").bodies.size(), 4U);
}

TEST_F(LiteTest, takes_a_beginning_for_a_lite_topic_that_is_not_there) {
  LiteSubscription begin = wish(LiteAction::add, "c1", {"a"});
  begin.start = LiteStart{.kind = LiteStart::Kind::end};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(subscribe(begin));
    EXPECT_EQ(pop("c1").bodies, Bodies{});
  }
  EXPECT_EQ(rig_.core->core_stats().leases.queues, 0U);
  send("a", "a0");
  EXPECT_EQ(pop("c1").bodies, Bodies{"a0"});
}

TEST_F(LiteTest, keeps_the_places_of_groups_over_a_kill) {
  add("c1", {"a"});
  send("a", "a0");
  send("a", "a1");
  const Popped popped = pop("c1");
  ASSERT_EQ(ack(lease("a", 0, popped.given_ms)), Settled::done);
  rig_.kill_and_reopen();
  EXPECT_EQ(pop("c1").bodies, Bodies{}) << "nobody subscribes";
  add("c1", {"a"});
  EXPECT_EQ(pop("c1").bodies, Bodies{}) << "the lease goes on";
  rig_.pass_ms(61'000);
  EXPECT_EQ(pop("c1").bodies, Bodies{"a1"});
}

TEST_F(LiteTest, goes_on_when_a_lease_from_before_a_kill_is_acknowledged) {
  add("c1", {"a"});
  send("a", "a0");
  const Popped popped = pop("c1");
  send("a", "a1");
  rig_.kill_and_reopen();
  add("c1", {"a"});
  EXPECT_EQ(pop("c1").bodies, Bodies{});
  ASSERT_EQ(ack(lease("a", 0, popped.given_ms)), Settled::done);
  EXPECT_EQ(pop("c1").bodies, Bodies{"a1"});
}

TEST_F(LiteTest, reads_the_others_where_one_cannot_be_read_and_that_one_again) {
  add("c1", {"a", "b", "c"});
  for (const std::string_view lite : {"a", "b", "c"}) send(lite, lite);
  rig_.kill_and_reopen();
  add("c1", {"a", "b", "c"});
  rig_.fs.fail_at(os::FileOperation::read_cached, 1, Errc::io);
  Bodies first = pop("c1").bodies;
  EXPECT_EQ(first.size(), 2U);
  for (const std::string& body : pop("c1").bodies) first.push_back(body);
  std::ranges::sort(first);
  EXPECT_EQ(first, (Bodies{"a", "b", "c"}));
}

TEST_F(LiteTest, waits_for_no_client_with_an_id_beyond_bounds) {
  const Popped popped = pop(std::string(2'000, 'x'));
  ASSERT_TRUE(popped.error);
  EXPECT_EQ(popped.error->code, Errc::invalid_argument);
}

TEST_F(LiteTest, changes_the_end_of_a_lease) {
  add("c1", {"a"});
  send("a", "a0");
  const Popped popped = pop("c1");
  const auto changed = change(lease("a", 0, popped.given_ms), {.invisible_ms = 500});
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->given_ms, popped.given_ms);
  rig_.pass_ms(600);
  EXPECT_EQ(pop("c1").queues.at(0).times, std::vector<std::int32_t>{1});
}

TEST_F(LiteTest, does_not_count_an_attempt_that_was_suspended) {
  add("c1", {"a"});
  send("a", "a0");
  send("a", "a1");
  for (int i = 0; i < 3; ++i) {
    const Popped popped = pop("c1");
    ASSERT_EQ(popped.bodies, (Bodies{"a0", "a1"}));
    EXPECT_EQ(popped.queues.at(0).times.at(1), i == 0 ? 0 : 1);
    ASSERT_TRUE(change(lease("a", 0, popped.given_ms), {.invisible_ms = 1'000, .suspend = true}));
    EXPECT_EQ(pop("c1").bodies, Bodies{});
    rig_.pass_ms(1'100);
  }
}

TEST_F(LiteTest, refuses_in_the_words_of_the_protocol) {
  add("c1", {"a"});
  send("a", "a0");
  const Popped popped = pop("c1");
  EXPECT_EQ(ack(lease("a", 9, popped.given_ms)).error().code, Errc::not_found);
  LiteLease wrong = lease("a", 0, popped.given_ms);
  wrong.lease.queue_id = 1;
  EXPECT_EQ(ack(wrong).error().code, Errc::invalid_argument);
  wrong = lease("a", 0, popped.given_ms);
  wrong.lease.group = "nobody";
  EXPECT_EQ(ack(wrong).error().code, Errc::invalid_argument);
  EXPECT_EQ(ack(lease("a/b", 0, popped.given_ms)).error().code, Errc::invalid_argument);
  rig_.put_topic("plain", 1);
  PopRequest request = pop_request("c1");
  request.topic = "plain";
  EXPECT_EQ(pop(request).error->code, Errc::invalid_argument);
  request = pop_request("c1");
  request.group = "unbound";
  EXPECT_EQ(pop(request).error->code, Errc::invalid_argument);
  for (const std::string& name : {std::string("a b"), std::string("a,b"), std::string("a/b"),
                                  std::string(), std::string(300, 'x')})
    EXPECT_EQ(subscribe(wish(LiteAction::add, "c1", {name})).error().code, Errc::invalid_argument);
  EXPECT_EQ(subscribe(wish(LiteAction::add, std::string(2'000, 'c'), {"a"})).error().code,
            Errc::invalid_argument);
}

TEST_F(LiteTest, forgets_those_who_subscribe_by_what_is_no_longer_so) {
  add("c1", {"a"});
  park("c1");
  rig_.put_topic("bills", 1, "+message.type=LITE");
  put_group("workers", {{"+lite.bind.topic", "bills"}});
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 0U);
  send("a", "a0");
  EXPECT_EQ(rig_.core->core_stats().leases.messages, 0U);
  put_group("workers");
  add("c1", {"a"});
  Answer<void> answer;
  rig_.core->delete_topic(rig_.anonymous, "orders", answer.reply());
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 0U);
  EXPECT_EQ(pop("c1").error->code, Errc::topic_not_found);
}

TEST_F(LiteTest, forgets_clients_that_say_nothing) {
  add("c1", {"a", "b"});
  park("c1");
  rig_.pass_ms(25'000);
  rig_.pass_ms(6'000);
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 2U);
  for (int i = 0; i < 20; ++i) rig_.pass_ms(10'000);
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 0U);
}

TEST_F(LiteTest, lets_no_lite_topic_starve_another) {
  add("c1", {"busy", "calm"});
  for (int i = 0; i < 100; ++i) send("busy", "busy");
  send("calm", "calm");
  const Popped first = pop("c1");
  ASSERT_EQ(first.bodies, Bodies(32, "busy"));
  for (int i = 0; i < 32; ++i) ASSERT_TRUE(ack(lease("busy", i, first.given_ms)));
  const Bodies second = pop("c1").bodies;
  ASSERT_EQ(second.size(), 32U);
  EXPECT_EQ(second.front(), "calm");
}

TEST_F(LiteTest, reads_what_is_on_the_disk_only) {
  add("c1", {"a"});
  send("a", "a0");
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) rig_.send("orders", large);
  rig_.restart();
  add("c1", {"a"});
  park("c1");
  rig_.core->end_of_turn();
  EXPECT_EQ(answered().bodies, Bodies{"a0"});
}

// --- quotas, exclusive and wildcard groups ---

class SmallLiteTest : public LiteTest {
 protected:
  SmallLiteTest()
      : LiteTest({.core = {.lite = {.subscriptions_max = 3, .subscription_timeout_ms = 60'000}}}) {}
};

TEST_F(SmallLiteTest, bounds_the_subscriptions_of_all) {
  add("c1", {"a", "b"});
  EXPECT_EQ(subscribe(wish(LiteAction::add, "c2", {"a", "b"})).error().code, Errc::quota_exceeded);
  EXPECT_EQ(subscribe(wish(LiteAction::replace, "c2", {"a", "b"})).error().code,
            Errc::quota_exceeded);
  add("c1", {"a", "b", "c"});
  add("c1", {"a"});
  ASSERT_TRUE(subscribe(wish(LiteAction::replace, "c1", {"d", "e", "f"})));
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 3U);
}

TEST_F(SmallLiteTest, bounds_clients_without_subscriptions) {
  for (int i = 0; i < 10; ++i)
    (void)subscribe(wish(LiteAction::replace, "c" + std::to_string(i), {}));
  EXPECT_EQ(rig_.core->core_stats().lite_clients, 3U);
}

TEST_F(LiteTest, bounds_the_subscriptions_of_a_client) {
  put_group("workers", {{"+lite.sub.client.quota", "2"}});
  add("c1", {"a", "b"});
  EXPECT_EQ(subscribe(wish(LiteAction::add, "c1", {"c"})).error().code, Errc::quota_exceeded);
  add("c2", {"c"});
}

TEST_F(LiteTest, puts_the_last_holder_out_of_an_exclusive_lite_topic) {
  put_group("workers", {{"+lite.sub.model", "Exclusive"}});
  add("c1", {"a", "b"});
  add("c2", {"a"}, there);
  ASSERT_EQ(rig_.sink.unsubscribed.size(), 1U);
  EXPECT_EQ(rig_.sink.unsubscribed[0].session, here);
  EXPECT_EQ(rig_.sink.unsubscribed[0].client, "c1");
  EXPECT_EQ(rig_.sink.unsubscribed[0].lite_topic, "a");
  send("a", "a0");
  send("b", "b0");
  EXPECT_EQ(pop("c1").bodies, Bodies{"b0"});
  EXPECT_EQ(pop("c2").bodies, Bodies{"a0"});
  // Its own list, said again, takes nothing back.
  ASSERT_TRUE(subscribe(wish(LiteAction::replace, "c1", {"a", "b"})));
  EXPECT_EQ(rig_.sink.unsubscribed.size(), 2U);
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 2U);
  rig_.core->session_closed(there);
  ASSERT_TRUE(subscribe(wish(LiteAction::replace, "c1", {"a", "b"})));
  EXPECT_EQ(rig_.sink.unsubscribed.size(), 2U);
}

TEST_F(LiteTest, begins_anew_where_the_group_says_so) {
  put_group("workers", {{"+lite.sub.model", "Exclusive"},
                        {"+lite.sub.reset.offset.exclusive", "true"},
                        {"+lite.sub.reset.offset.unsubscribe", "true"}});
  send("a", "a0");
  add("c1", {"a"});
  const Popped popped = pop("c1");
  ASSERT_EQ(ack(lease("a", 0, popped.given_ms)), Settled::done);
  add("c2", {"a"}, there);
  const Popped again = pop("c2");
  EXPECT_EQ(again.bodies, Bodies{"a0"});
  ASSERT_EQ(ack(lease("a", 0, again.given_ms)), Settled::done);
  ASSERT_TRUE(subscribe(wish(LiteAction::remove, "c2", {"a"}), there));
  add("c2", {"a"}, there);
  EXPECT_EQ(pop("c2").bodies, Bodies{"a0"});
}

TEST_F(LiteTest, gives_a_wildcard_group_all_lite_topics) {
  put_group("workers", {{"+lite.sub.wildcard", "true"}});
  for (int i = 0; i < 3; ++i) send("old" + std::to_string(i), "old" + std::to_string(i));
  EXPECT_EQ(subscribe(wish(LiteAction::add, "c1", {"a"})).error().code, Errc::invalid_argument);
  ASSERT_TRUE(subscribe(wish(LiteAction::replace, "c1", {})));
  while (rig_.core->end_of_turn()) {
  }
  EXPECT_EQ(pop("c1").bodies, (Bodies{"old0", "old1", "old2"}));
  park("c1");
  send("new", "n0");
  EXPECT_EQ(answered().bodies, Bodies{"n0"});
  EXPECT_EQ(rig_.core->core_stats().lite_subscriptions, 1U);
  ASSERT_TRUE(subscribe(wish(LiteAction::remove_all, "c1", {})));
  send("new2", "n0");
  EXPECT_EQ(pop("c1").bodies, Bodies{});
}

// --- administration ---

TEST_F(LiteTest, tells_administrators_what_there_is) {
  add("c1", {"a", "b"});
  for (int i = 0; i < 3; ++i) send("a", "a");
  send("c", "c");
  const Popped popped = pop("c1");
  ASSERT_EQ(ack(lease("a", 0, popped.given_ms)), Settled::done);
  Answer<LiteBrokerFacts> broker;
  rig_.core->lite_broker(rig_.anonymous, broker.reply());
  EXPECT_EQ(broker.get()->light_queues, 2U);
  EXPECT_EQ(broker.get()->subscriptions, 2U);
  EXPECT_EQ(broker.get()->parents.at("orders"), -1);
  EXPECT_TRUE(broker.get()->groups.at("orders").contains("workers"));
  Answer<LiteParentFacts> parent;
  rig_.core->lite_parent(rig_.anonymous, "orders", parent.reply());
  EXPECT_EQ(parent.get()->lite_topics, 2U);
  Answer<LiteTopicFacts> topic;
  rig_.core->lite_topic(rig_.anonymous, "orders", "a", topic.reply());
  EXPECT_EQ(topic.get()->max_offset, 3);
  EXPECT_EQ(topic.get()->subscribers,
            (std::vector<std::pair<std::string, std::string>>{{"c1", "workers"}}));
  Answer<LiteClientFacts> client;
  rig_.core->lite_client(rig_.anonymous,
                         {.parent = "orders", .group = "workers", .client = "c1", .count_max = 1},
                         client.reply());
  EXPECT_EQ(client.get()->count, 2U);
  EXPECT_EQ(client.get()->light_queues, std::vector<std::string>{"%LMQ%$orders$a"});
  Answer<LiteGroupFacts> group;
  rig_.core->lite_group(rig_.anonymous, {.group = "workers", .count_max = 5}, group.reply());
  EXPECT_EQ(group.get()->lag, 2);
  ASSERT_EQ(group.get()->most.size(), 1U);
  EXPECT_EQ(group.get()->most[0].lite_topic, "a");
  Answer<LiteGroupFacts> of_one;
  rig_.core->lite_group(rig_.anonymous, {.group = "workers", .lite_topic = "a"}, of_one.reply());
  ASSERT_TRUE(of_one.get()->place.has_value());
  EXPECT_EQ(of_one.get()->place->end, 3);
  EXPECT_EQ(of_one.get()->place->committed, 1);
}

TEST_F(LiteTest, tells_what_is_wrong_with_a_question) {
  Answer<LiteParentFacts> parent;
  rig_.core->lite_parent(rig_.anonymous, "nothing", parent.reply());
  EXPECT_EQ(parent.get().error().code, Errc::topic_not_found);
  rig_.put_topic("plain", 1);
  Answer<LiteTopicFacts> topic;
  rig_.core->lite_topic(rig_.anonymous, "plain", "a", topic.reply());
  EXPECT_EQ(topic.get().error().code, Errc::invalid_argument);
  Answer<LiteGroupFacts> group;
  rig_.core->lite_group(rig_.anonymous, {.group = "unbound", .count_max = 1}, group.reply());
  EXPECT_EQ(group.get().error().code, Errc::invalid_argument);
  Answer<LiteGroupFacts> none;
  rig_.core->lite_group(rig_.anonymous, {.group = "workers"}, none.reply());
  EXPECT_EQ(none.get().error().code, Errc::malformed);
  Answer<LiteClientFacts> client;
  rig_.core->lite_client(
      rig_.anonymous, {.parent = "orders", .group = "workers", .client = "nobody"}, client.reply());
  EXPECT_FALSE(client.get()->known);
}

TEST_F(LiteTest, looks_again_when_it_is_told) {
  add("c1", {"a"});
  send("a", "a0");
  for (const std::string_view client : {"", "c1", "nobody"}) {
    Answer<void> answer;
    rig_.core->trigger_lite(rig_.anonymous, "workers", client, answer.reply());
    EXPECT_TRUE(answer.get().has_value());
  }
  EXPECT_EQ(pop("c1").bodies, Bodies{"a0"});
}

}  // namespace
}  // namespace bolide::broker
