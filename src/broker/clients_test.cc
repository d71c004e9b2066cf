// SPDX-License-Identifier: Apache-2.0
//
// Connected producers and consumers (rocketmq semantics 3.3).
#include "broker/clients.h"

#include "base/strings.h"
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <ctime>

namespace bolide::broker {
namespace {

using Changes = std::vector<std::pair<SessionId, std::string>>;

class ClientsTest : public ::testing::Test {
 protected:
  // So long after the start, with a wall clock that is set back all the time.
  static Now at(std::int64_t ms) {
    return {.wall_ms = 1'000'000'000 - 1000 * ms, .steady_ns = ms * 1'000'000};
  }
  bool seen(SessionId session, std::vector<Subscription> subscriptions, std::int64_t now_ms = 0,
            bool without_subscriptions = false) {
    Heartbeat heartbeat;
    heartbeat.client_id = "client-" + std::to_string(session);
    heartbeat.without_subscriptions = without_subscriptions;
    const ConsumerData data{.group = "g", .subscriptions = std::move(subscriptions)};
    return clients_.consumer_seen({.sink = &sink_, .session = session}, heartbeat, data, true,
                                  at(now_ms));
  }
  void producer(SessionId session, std::int64_t now_ms = 0) {
    producer_of(session, "client-" + std::to_string(session), "p", now_ms);
  }
  void producer_of(SessionId session, const std::string& client_id, std::string_view group = "p",
                   std::int64_t now_ms = 0) {
    Heartbeat heartbeat;
    heartbeat.client_id = client_id;
    clients_.producer_seen({.sink = &sink_, .session = session}, heartbeat, group, at(now_ms));
  }
  // The session of a producer; 0: none.
  SessionId found(std::string_view client_id) const {
    const Member* const member = clients_.find_producer(client_id);
    return member == nullptr ? 0 : member->session;
  }

  Clients clients_;
  testing::RecordingSink sink_;
  Subscription t1_{.topic = "t", .expression = "a", .version = 1};
};

TEST_F(ClientsTest, change_a_group_by_joining_once) {
  EXPECT_TRUE(seen(1, {t1_}));
  EXPECT_FALSE(seen(1, {t1_}));
  EXPECT_TRUE(seen(2, {t1_}));
  ASSERT_NE(clients_.find("g"), nullptr);
  EXPECT_EQ(clients_.find("g")->members.size(), 2U);
  EXPECT_EQ(clients_.member_count(), 2U);
}

// Each topic compared with each would take minutes.
TEST_F(ClientsTest, are_seen_in_little_time_however_much_they_subscribe_to) {
  constexpr std::size_t topics = 200'000;
  std::vector<Subscription> subscriptions;
  for (std::size_t i = 0; i < topics; ++i)
    subscriptions.push_back(
        {.topic = "a-topic-with-a-long-name-" + std::to_string(i), .expression = "*"});
  const std::clock_t began = std::clock();
  EXPECT_TRUE(seen(1, subscriptions));
  EXPECT_FALSE(seen(1, subscriptions));
  subscriptions.pop_back();
  EXPECT_TRUE(seen(1, subscriptions));
  EXPECT_LT((std::clock() - began) / CLOCKS_PER_SEC, 10);
  EXPECT_EQ(clients_.find("g")->filters.size(), topics - 1);
}

TEST_F(ClientsTest, change_a_group_by_another_subscription) {
  seen(1, {t1_});
  Subscription newer = t1_;
  newer.version = 2;
  EXPECT_FALSE(seen(1, {newer})) << "the same expression";
  EXPECT_EQ(clients_.find("g")->filters.at("t").subscription.version, 2);
  newer.version = 3;
  newer.expression = "b";
  EXPECT_TRUE(seen(1, {newer}));
  EXPECT_TRUE(clients_.find("g")->filters.at("t").matcher->tags->matches(java_hash("b")));
  EXPECT_FALSE(seen(1, {t1_})) << "an older version is passed over";
  EXPECT_EQ(clients_.find("g")->filters.at("t").subscription.expression, "b");
  EXPECT_TRUE(seen(1, {newer, {.topic = "u", .version = 1}}));
  EXPECT_TRUE(seen(1, {newer})) << "a topic went";
  EXPECT_FALSE(clients_.find("g")->filters.contains("u"));
}

TEST_F(ClientsTest, keep_their_subscriptions_when_they_do_not_repeat_them) {
  seen(1, {t1_});
  EXPECT_FALSE(seen(1, {}, 0, true));
  EXPECT_TRUE(clients_.find("g")->filters.contains("t"));
}

TEST_F(ClientsTest, keep_an_expression_that_cannot_be_compiled) {
  EXPECT_TRUE(
      seen(1, {{.topic = "t", .expression = "a>", .expression_type = "SQL92", .version = 1}}));
  EXPECT_FALSE(clients_.find("g")->filters.at("t").matcher);
}

TEST_F(ClientsTest, are_all_told_of_a_change) {
  seen(1, {t1_});
  seen(2, {t1_});
  clients_.tell_members("g");
  EXPECT_EQ(sink_.changed, (Changes{{1, "g"}, {2, "g"}}));
  clients_.tell_members("unknown");
  EXPECT_EQ(sink_.changed.size(), 2U);
}

TEST_F(ClientsTest, are_not_told_where_the_group_wants_none_of_it) {
  const ConsumerData data{.group = "g", .subscriptions = {t1_}};
  clients_.consumer_seen({.sink = &sink_, .session = 1}, {}, data, false, at(0));
  clients_.tell_members("g");
  EXPECT_TRUE(sink_.changed.empty());
}

TEST_F(ClientsTest, leave_by_word_and_those_who_stay_are_told) {
  seen(1, {t1_});
  seen(2, {t1_});
  producer(1);
  clients_.leave(1, "p", "g");
  EXPECT_EQ(sink_.changed, (Changes{{2, "g"}}));
  EXPECT_TRUE(clients_.producers("p").empty());
  clients_.leave(1, "p", "g");
  clients_.leave(99, "p", "g");
  EXPECT_EQ(sink_.changed.size(), 1U);
  clients_.leave(2, {}, "g");
  EXPECT_EQ(clients_.find("g"), nullptr) << "the last one takes the group along";
  EXPECT_EQ(sink_.changed.size(), 1U);
}

TEST_F(ClientsTest, leave_everything_when_their_connection_closes) {
  seen(1, {t1_});
  seen(2, {t1_});
  producer(1);
  producer(2);
  clients_.session_closed(1);
  clients_.session_closed(1);
  EXPECT_EQ(sink_.changed, (Changes{{2, "g"}}));
  ASSERT_EQ(clients_.producers("p").size(), 1U);
  EXPECT_EQ(clients_.producers("p")[0].client_id, "client-2");
}

TEST_F(ClientsTest, are_forgotten_when_they_are_silent) {
  seen(1, {t1_}, 1000);
  seen(2, {t1_}, 5000);
  producer(1, 1000);
  producer(2, 5000);
  clients_.expire(at(11'000), 10'000);
  EXPECT_EQ(clients_.member_count(), 4U) << "not yet";
  clients_.expire(at(11'001), 10'000);
  EXPECT_EQ(clients_.find("g")->members.size(), 1U);
  EXPECT_EQ(clients_.producers("p").size(), 1U);
  EXPECT_EQ(sink_.changed, (Changes{{2, "g"}}));
  EXPECT_TRUE(seen(1, {t1_}, 20'000)) << "who comes back has joined";
}

TEST_F(ClientsTest, are_found_by_their_newest_connection) {
  producer_of(1, "c");
  producer_of(2, "c");
  EXPECT_EQ(found("c"), 2U) << "nobody knows yet that the first is dead";
  producer_of(1, "c");
  EXPECT_EQ(found("c"), 2U);
  clients_.session_closed(2);
  EXPECT_EQ(found("c"), 1U);
  clients_.expire(at(10'001), 10'000);
  EXPECT_EQ(found("c"), 0U);
}

TEST_F(ClientsTest, are_found_as_producers_while_they_are_in_a_group) {
  producer_of(1, "c", "p");
  producer_of(1, "c", "q");
  clients_.leave(1, "p", {});
  EXPECT_EQ(found("c"), 1U);
  producer_of(1, "renamed", "q");
  EXPECT_EQ(found("c"), 0U);
  EXPECT_EQ(found("renamed"), 1U);
  clients_.leave(1, "q", {});
  EXPECT_EQ(found("renamed"), 0U);
  seen(1, {t1_});
  EXPECT_EQ(found("client-1"), 0U) << "a consumer";
}

TEST_F(ClientsTest, are_found_by_topic) {
  seen(1, {t1_});
  EXPECT_EQ(clients_.groups_of_topic("t"), std::vector<std::string>{"g"});
  EXPECT_TRUE(clients_.groups_of_topic("u").empty());
}

}  // namespace
}  // namespace bolide::broker
