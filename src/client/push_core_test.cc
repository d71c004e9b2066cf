// SPDX-License-Identifier: Apache-2.0
//
// Tests of consuming, on a simulated network: what is pulled, committed, handed back, locked.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include <bolide/push_consumer.h>

#include "client/fake_record.h"
#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
using test::record;
using test::World;
namespace request_code = remoting::request_code;

// A broker with one queue of topic t that holds some messages, and an empty retry topic.
struct Broker {
  std::string client_id;
  std::vector<std::string> records;
  std::int32_t send_back_code = 0;
  bool gives_locks = true;
  std::string filter_error;  // what it says of every filter it is asked about, if anything
  bool answers_locks = true;
  bool loses_locks = false;  // once it was pulled
  bool pulled = false;
  std::string members_before;             // ours, in the list
  std::vector<std::string> records_of_1;  // of the second queue
  std::optional<std::int64_t> reset_to;   // told once, to a pull behind the first
  std::string offset = "0";               // of the group, in each queue
  bool owes = false;                      // it does not answer what it might as well take one-way
  std::vector<FakeRequest> owed;

  std::optional<FakeAnswer> operator()(const FakeRequest& request) {
    switch (request.code) {
      case request_code::get_consumer_list_by_group:
        return FakeAnswer{.body = R"({"consumerIdList":[)" + members_before + "\"" + client_id +
                                  R"("]})"};
      case request_code::query_consumer_offset:
        if (request.field("setZeroIfNotFound") == "false")
          return FakeAnswer{.code = remoting::response_code::query_not_found};
        return FakeAnswer{.fields = {{"offset", offset}}};
      case request_code::get_max_offset:
        return FakeAnswer{.fields = {{"offset", std::to_string(records.size())}}};
      case request_code::consumer_send_msg_back: return FakeAnswer{.code = send_back_code};
      case request_code::lock_batch_mq: {
        if (!answers_locks) return std::nullopt;
        if (loses_locks && pulled) return FakeAnswer{.body = R"({"lockOKMQSet":[]})"};
        const std::size_t at = request.body.find("\"mqSet\":");
        const std::size_t end = request.body.find(']', at);
        const std::string set = request.body.substr(at + 8, end - at - 7);
        return FakeAnswer{.body = "{\"lockOKMQSet\":" + (gives_locks ? set : "[]") + "}"};
      }
      case request_code::check_client_config:
        return FakeAnswer{.code = filter_error.empty() ? 0 : 23, .remark = filter_error};
      case request_code::pull_message: return pull(request);
      default:
        if (!owes) return FakeAnswer{};
        owed.push_back(request);
        return std::nullopt;
    }
  }

  std::optional<FakeAnswer> pull(const FakeRequest& request) {
    const auto at = static_cast<std::size_t>(std::stoll(request.field("queueOffset")));
    if (request.field("topic") == "t" && at > 0 && reset_to) {
      const std::string place = std::to_string(*std::exchange(reset_to, std::nullopt));
      return FakeAnswer{.code = remoting::response_code::pull_offset_moved,
                        .fields = {{"nextBeginOffset", place},
                                   {"minOffset", "0"},
                                   {"maxOffset", std::to_string(records.size())}}};
    }
    pulled |= request.field("topic") == "t";
    const auto& all = request.field("queueId") == "0" ? records : records_of_1;
    if (request.field("topic") != "t" || at >= all.size()) return std::nullopt;  // parked
    std::string body;
    for (std::size_t i = at; i < all.size(); ++i) body += all[i];
    return FakeAnswer{.fields = {{"nextBeginOffset", std::to_string(all.size())}}, .body = body};
  }
};

class PushTest : public testing::Test {
 protected:
  void SetUp() override {
    world.serve(
        9876, [this](const FakeRequest& request) { return test::routes(ports, queues)(request); });
    client.emplace(world.open({.instance = "me"}));
    broker.client_id = client->id();
    server = &world.serve(10911, [this](const FakeRequest& request) { return broker(request); });
  }
  PushConsumer start(PushConsumerOptions options) {
    options.group = "g";
    options.subscriptions = {{"t", "*"}};
    if (!options.on_messages) {
      options.on_messages = [this](auto messages) {
        const std::lock_guard lock(mutex);
        for (const auto& message : messages) seen.push_back(message);
        return result ? result(messages[0]) : ConsumeResult::success;
      };
    }
    auto consumer = PushConsumer::start(*client, std::move(options));
    EXPECT_TRUE(consumer);
    return std::move(*consumer);
  }
  std::string bodies() {
    const std::lock_guard lock(mutex);
    std::string all;
    for (const auto& message : seen) all += message.body + " ";
    return all;
  }

  // What an ordered consumer asked for a queue of topic t.
  std::vector<FakeRequest> requests_of_t(std::int32_t code) {
    auto all = server->requests(code);
    std::erase_if(all, [](const FakeRequest& request) {
      return request.body.find(R"("topic":"t")") == std::string::npos;
    });
    return all;
  }

  std::vector<std::uint16_t> ports{10911};
  int queues = 1;
  Broker broker;
  World world;
  std::optional<Client> client;
  test::FakeServer* server = nullptr;
  std::mutex mutex;
  std::vector<ReceivedMessage> seen;
  std::function<ConsumeResult(const ReceivedMessage&)> result;
};

TEST_F(PushTest, pulls_consumes_and_commits_at_its_end) {
  broker.records = {record(0, "a", ""), record(1, "b", ""), record(2, "c", "")};
  auto consumer = start({.concurrency = 1});
  ASSERT_TRUE(eventually([&] { return bodies() == "a b c "; }));
  EXPECT_TRUE(consumer.stop().ok());
  ASSERT_TRUE(eventually([&] { return server->count(request_code::unregister_client) == 1; }));
  std::int64_t committed = 0;
  for (const auto& commit : server->requests(request_code::update_consumer_offset)) {
    if (commit.field("topic") == "t") committed = std::stoll(commit.field("commitOffset"));
  }
  EXPECT_EQ(committed, 3);
  const auto pull = server->requests(request_code::pull_message).front();
  EXPECT_EQ(pull.field("consumerGroup"), "g");
  EXPECT_EQ(pull.field("sysFlag"), "2");
  EXPECT_EQ(pull.field("suspendTimeoutMillis"), "15000");
  EXPECT_EQ(pull.field("expressionType"), "TAG");
}

TEST_F(PushTest, goes_where_an_operator_sets_the_offset_whatever_it_holds) {
  broker.records = {record(0, "a", ""), record(1, "b", ""), record(2, "c", ""), record(3, "d", "")};
  broker.reset_to = 3;
  std::atomic<bool> open{false};
  result = [&](const ReceivedMessage& message) {
    if (message.body == "a") open.wait(false);
    return ConsumeResult::success;
  };
  auto consumer = start({.concurrency = 1});
  const auto is_told = [&] {
    for (const auto& pull : server->requests(request_code::pull_message)) {
      if (pull.field("topic") == "t" && pull.field("queueOffset") == "3") return true;
    }
    return false;
  };
  ASSERT_TRUE(eventually(is_told)) << "it asks on from where it was";
  open = true;
  open.notify_all();
  ASSERT_TRUE(eventually([&] { return bodies() == "a d "; })) << bodies();
  EXPECT_TRUE(consumer.stop().ok());
  ASSERT_TRUE(eventually([&] { return server->count(request_code::unregister_client) == 1; }));
  for (const auto& commit : server->requests(request_code::update_consumer_offset)) {
    if (commit.field("topic") != "t") continue;
    EXPECT_GE(std::stoll(commit.field("commitOffset")), 3) << "an old place takes the reset back";
  }
}

TEST_F(PushTest, hands_back_what_was_refused_as_java_does) {
  broker.records = {record(0, "a", "UNIQ_KEY\1ID\2")};
  result = [](const auto&) { return ConsumeResult::later; };
  auto consumer = start({.reconsume_max = 5});
  ASSERT_TRUE(eventually([&] { return server->count(request_code::consumer_send_msg_back) == 1; }));
  const auto back = server->requests(request_code::consumer_send_msg_back).front();
  EXPECT_EQ(back.field("offset"), "1000");
  EXPECT_EQ(back.field("group"), "g");
  EXPECT_EQ(back.field("delayLevel"), "0");
  EXPECT_EQ(back.field("originMsgId"), "ID");
  EXPECT_EQ(back.field("originTopic"), "t");
  EXPECT_EQ(back.field("maxReconsumeTimes"), "5");
  EXPECT_EQ(bodies(), "a ");
}

TEST_F(PushTest, a_listener_that_throws_has_refused) {
  broker.records = {record(0, "a", ""), record(1, "b", "")};
  result = [](const ReceivedMessage& message) {
    if (message.body == "a") throw std::runtime_error("of the user");
    return ConsumeResult::success;
  };
  auto consumer = start({.concurrency = 1});
  ASSERT_TRUE(eventually([&] { return bodies() == "a b "; }));
  EXPECT_TRUE(eventually([&] { return server->count(request_code::consumer_send_msg_back) == 1; }));
}

TEST_F(PushTest, consumes_again_here_what_the_broker_does_not_take_back) {
  broker.records = {record(0, "a", "")};
  broker.send_back_code = 1;
  result = [](const ReceivedMessage& message) {
    return message.reconsume_times == 0 ? ConsumeResult::later : ConsumeResult::success;
  };
  auto consumer = start({});
  ASSERT_TRUE(eventually([&] { return bodies() == "a a "; })) << "after 5 s";
  EXPECT_EQ(seen[1].reconsume_times, 1);
}

std::string damaged(std::string record) {
  record[record.find("DAMAGED")] = 'd';
  return record;
}

TEST_F(PushTest, gives_back_what_it_cannot_read_and_goes_on) {
  broker.records = {record(0, "a", ""), damaged(record(1, "DAMAGED", "")), record(2, "c", "")};
  auto consumer = start({.concurrency = 1});
  ASSERT_TRUE(eventually([&] { return bodies() == "a c "; })) << bodies();
  ASSERT_TRUE(eventually([&] { return server->count(request_code::consumer_send_msg_back) == 1; }));
  EXPECT_EQ(server->requests(request_code::consumer_send_msg_back).front().field("offset"), "1001");
  EXPECT_TRUE(consumer.stop().ok());
}

TEST_F(PushTest, an_ordered_consumer_gives_back_what_it_cannot_read_and_goes_on) {
  broker.records = {record(0, "a", ""), damaged(record(1, "DAMAGED", "")), record(2, "c", "")};
  auto consumer = start({.batch_messages_max = 8, .ordered = true});
  ASSERT_TRUE(eventually([&] { return bodies() == "a c "; })) << bodies();
  EXPECT_EQ(server->count(request_code::consumer_send_msg_back), 1U);
  EXPECT_EQ(server->count(request_code::send_message_v2), 0U);
}

TEST_F(PushTest, tells_an_operator_what_it_does) {
  broker.records = {record(0, "a", ""), record(1, "b", "")};
  auto consumer = start({.concurrency = 3});
  ASSERT_TRUE(eventually([&] { return bodies().size() == 4; }));  // in whatever order
  world.run([&] { server->write(307, 70, 0, {.fields = {{"consumerGroup", "g"}}}); });
  ASSERT_TRUE(eventually([&] { return server->count(0) == 1; }));
  const std::string info = server->requests(0).front().body;
  for (const char* const part :
       {R"("mqTable":{{"brokerName":"b10911","queueId":0,)", R"("topic":"t"}:{"cachedMsgCount":)",
        R"("PROP_THREADPOOL_CORE_SIZE":"3")", R"("PROP_CONSUME_TYPE":"CONSUME_PASSIVELY")",
        R"("subString":"*")", R"("consumeOKTPS":)"})
    EXPECT_NE(info.find(part), std::string::npos) << part << info;

  world.run([&] { server->write(221, 71, 0, {.fields = {{"group", "g"}, {"topic", "t"}}}); });
  ASSERT_TRUE(eventually([&] { return server->count(0) == 2; }));
  EXPECT_EQ(server->requests(0).back().body,
            R"({"messageQueueTable":{{"brokerName":"b10911","queueId":0,"topic":"t"}:2}})");

  world.run([&] { server->write(307, 72, 0, {.fields = {{"consumerGroup", "other"}}}); });
  ASSERT_TRUE(eventually([&] { return server->count(1) == 1; })) << "none of ours";
}

TEST_F(PushTest, consumes_what_an_operator_sends) {
  result = [](const ReceivedMessage& message) {
    return message.body == "a" ? ConsumeResult::success : ConsumeResult::later;
  };
  auto consumer = start({});
  const auto ask = [&](const std::string& body) {
    world.run(
        [&] { server->write(309, 80, 0, {.fields = {{"consumerGroup", "g"}}, .body = body}); });
  };
  ASSERT_TRUE(eventually([&] { return server->count(request_code::pull_message) > 0; }));
  ask(record(7, "a", "RETRY_TOPIC\1t\2", "%RETRY%g"));
  ASSERT_TRUE(eventually([&] { return server->count(0) == 1; }));
  const std::string done = server->requests(0).front().body;
  EXPECT_NE(done.find(R"("consumeResult":"CR_SUCCESS","order":false)"), std::string::npos) << done;
  EXPECT_EQ(seen[0].topic, "t");
  ask(record(8, "b", ""));
  ASSERT_TRUE(eventually([&] { return server->count(0) == 2; }));
  EXPECT_NE(server->requests(0).back().body.find("CR_LATER"), std::string::npos);
  ask("no record");
  ask("");
  ASSERT_TRUE(eventually([&] { return server->count(1) == 2; }));
  EXPECT_EQ(server->count(request_code::consumer_send_msg_back), 0U);
}

TEST_F(PushTest, fixed_queues_are_named_by_the_user_and_share_what_was_refused) {
  client.emplace(world.open({.instance = "me", .name_space = "space"}));
  broker.client_id = client->id();
  queues = 2;
  const QueueId own{"t", "b10911", 1};
  auto consumer = start({.strategy = allocate::fixed({own})});
  EXPECT_TRUE(eventually([&] { return consumer.queues() == std::vector<QueueId>{own}; }));
  const auto pulls_retries = [&] {
    for (const auto& pull : server->requests(request_code::pull_message)) {
      if (pull.field("topic") == "%RETRY%space%g") return true;
    }
    return false;
  };
  EXPECT_TRUE(eventually(pulls_retries));
}

TEST_F(PushTest, begins_a_young_topic_where_it_is_told_if_it_insists) {
  broker.records = {record(0, "a", ""), record(1, "b", "")};
  auto consumer = start({.from = ConsumeFrom::last, .from_in_young_topics = true});
  const auto pulls_of_t = [&] {
    auto pulls = server->requests(request_code::pull_message);
    std::erase_if(pulls, [](const FakeRequest& pull) { return pull.field("topic") != "t"; });
    return pulls;
  };
  ASSERT_TRUE(eventually([&] { return !pulls_of_t().empty(); }));
  EXPECT_EQ(pulls_of_t().front().field("queueOffset"), "2");
  EXPECT_EQ(bodies(), "");
}

TEST_F(PushTest, asks_another_broker_for_the_members_when_one_is_away) {
  ports = {10910, 10911};
  broker.records = {record(0, "a", "")};
  auto consumer = start({});
  EXPECT_TRUE(eventually([&] { return bodies() == "a "; }));
}

TEST_F(PushTest, saves_later_what_it_could_not_save) {
  const auto folder =
      std::filesystem::path(testing::TempDir()) / ("offsets-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::ofstream(folder) << "in the way";
  broker.records = {record(0, "a", "")};
  auto consumer = start({.model = ConsumeModel::broadcasting,
                         .from = ConsumeFrom::first,
                         .offset_commit_interval = std::chrono::milliseconds(10),
                         .offset_directory = folder.string()});
  ASSERT_TRUE(eventually([&] { return bodies() == "a "; }));
  // Its place is to be saved now, in vain.
  std::atomic<int> ticks{0};
  std::unique_ptr<net::Agent::Timer> timer;
  world.run([&] { timer = world.runtime.agent().every(100, [&] { ++ticks; }); });
  ASSERT_TRUE(eventually([&] { return ticks >= 3; }));
  std::filesystem::remove(folder);
  const auto file = folder / client->id() / "g" / "offsets.json";
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(file); }));
  world.run([&] { timer.reset(); });
  EXPECT_TRUE(consumer.stop().ok());
  std::filesystem::remove_all(folder);
}

TEST_F(PushTest, goes_on_where_it_was_in_a_queue_that_was_away_while_broadcasting) {
  const auto folder =
      std::filesystem::path(testing::TempDir()) / ("away-" + std::to_string(::getpid()));
  const auto core = world.open({.instance = "me"});
  client.emplace(core);
  broker.records = {record(0, "a", "")};
  auto consumer = start({.model = ConsumeModel::broadcasting,
                         .from = ConsumeFrom::first,
                         .offset_commit_interval = std::chrono::hours(1),
                         .offset_directory = folder.string()});
  const auto next_pull_is_of = [&](const std::string& offset) {
    const auto pulls = server->requests(request_code::pull_message);
    return !pulls.empty() && pulls.back().field("queueOffset") == offset;
  };
  ASSERT_TRUE(eventually([&] { return bodies() == "a " && next_pull_is_of("1"); }));
  ASSERT_TRUE(eventually([&] {
    world.run([&] { server->write(221, 71, 0, {.fields = {{"group", "g"}, {"topic", "t"}}}); });
    const auto answers = server->requests(0);
    return !answers.empty() && answers.back().body.ends_with(":1}}");
  })) << "it is not noted as consumed";
  const auto becomes = [&](int count) {
    world.run([&] {
      queues = count;
      core->refresh_route("t");
    });
    return consumer.queues().size() == static_cast<std::size_t>(count);
  };
  ASSERT_TRUE(eventually([&] { return becomes(0); }));
  const std::size_t pulls = server->count(request_code::pull_message);
  ASSERT_TRUE(eventually([&] { return becomes(1); }));
  ASSERT_TRUE(eventually([&] { return server->count(request_code::pull_message) > pulls; }));
  EXPECT_TRUE(next_pull_is_of("1"));
  EXPECT_TRUE(consumer.stop().ok());
  std::filesystem::remove_all(folder);
}

TEST_F(PushTest, is_not_ordered_and_broadcasting) {
  const auto refused =
      PushConsumer::start(*client, {.group = "g",
                                    .subscriptions = {{"t", "*"}},
                                    .on_messages = [](auto) { return ConsumeResult::success; },
                                    .model = ConsumeModel::broadcasting,
                                    .ordered = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.status().code(), Errc::invalid_argument);
  EXPECT_NE(refused.status().message().find("group g is ordered"), std::string::npos);
}

TEST_F(PushTest, shows_the_real_topic_of_a_retried_message) {
  broker.records = {record(0, "a", "RETRY_TOPIC\1t\2", "%RETRY%g")};
  auto consumer = start({});
  ASSERT_TRUE(eventually([&] { return bodies() == "a "; }));
  EXPECT_EQ(seen[0].topic, "t");
}

TEST_F(PushTest, an_ordered_consumer_locks_before_it_pulls_and_unlocks_at_its_end) {
  broker.records = {record(0, "a", ""), record(1, "b", "")};
  auto consumer = start({.ordered = true});
  ASSERT_TRUE(eventually([&] { return bodies() == "a b "; }));
  const auto lock = server->requests(request_code::lock_batch_mq).front();
  EXPECT_NE(lock.body.find(R"("consumerGroup":"g")"), std::string::npos);
  EXPECT_NE(lock.body.find(client->id()), std::string::npos);
  EXPECT_TRUE(consumer.stop().ok());
  EXPECT_TRUE(eventually([&] { return server->count(request_code::unlock_batch_mq) >= 1; }));
}

TEST_F(PushTest, has_said_everything_when_it_has_stopped) {
  broker.records = {record(0, "a", "")};
  auto consumer = start({.ordered = true, .offset_commit_interval = std::chrono::hours(1)});
  ASSERT_TRUE(eventually([&] { return bodies() == "a "; }));
  std::set<std::int32_t> answered;
  std::unique_ptr<net::Agent::Timer> timer;
  world.run([&] {
    broker.owes = true;
    timer = world.runtime.agent().every(200, [&] {
      for (const FakeRequest& request : std::exchange(broker.owed, {})) {
        answered.insert(request.code);
        server->write(0, request.opaque, remoting::header_flag::response, {});
      }
    });
  });
  EXPECT_TRUE(consumer.stop().ok());
  world.run([&] {
    timer.reset();
    EXPECT_TRUE(answered.contains(request_code::update_consumer_offset));
    EXPECT_TRUE(answered.contains(request_code::unlock_batch_mq));
    EXPECT_TRUE(answered.contains(request_code::unregister_client));
  });
}

TEST_F(PushTest, an_ordered_consumer_pulls_nothing_that_it_may_not_lock) {
  broker.records = {record(0, "a", "")};
  broker.gives_locks = false;
  auto consumer = start({.ordered = true});
  ASSERT_TRUE(eventually([&] { return server->count(request_code::lock_batch_mq) >= 2; }));
  EXPECT_EQ(server->count(request_code::pull_message), 0U);
}

TEST_F(PushTest, a_lock_that_comes_too_late_is_given_back) {
  broker.answers_locks = false;
  auto consumer = start({.ordered = true});
  ASSERT_TRUE(eventually([&] { return requests_of_t(request_code::lock_batch_mq).size() == 1; }));
  const std::size_t lists = server->count(request_code::get_consumer_list_by_group);
  world.run([&] {
    broker.members_before = "\"0\",";
    server->write(request_code::notify_consumer_ids_changed, 90, remoting::header_flag::one_way,
                  {.fields = {{"consumerGroup", "g"}}});
  });
  ASSERT_TRUE(eventually(
      [&] { return server->count(request_code::get_consumer_list_by_group) >= lists + 2; }));
  const auto lock = requests_of_t(request_code::lock_batch_mq).front();
  world.run([&] {
    server->write(0, lock.opaque, remoting::header_flag::response,
                  {.body = R"({"lockOKMQSet":[{"brokerName":"b10911","queueId":0,"topic":"t"}]})"});
  });
  EXPECT_TRUE(eventually([&] { return requests_of_t(request_code::unlock_batch_mq).size() == 1; }));
}

TEST_F(PushTest, a_lock_that_comes_after_the_end_is_given_back) {
  broker.answers_locks = false;
  auto consumer = std::make_unique<PushConsumer>(start({.ordered = true}));
  ASSERT_TRUE(eventually([&] { return requests_of_t(request_code::lock_batch_mq).size() == 1; }));
  consumer.reset();
  const auto lock = requests_of_t(request_code::lock_batch_mq).front();
  world.run([&] {
    server->write(0, lock.opaque, remoting::header_flag::response,
                  {.body = R"({"lockOKMQSet":[{"brokerName":"b10911","queueId":0,"topic":"t"}]})"});
  });
  EXPECT_TRUE(eventually([&] { return requests_of_t(request_code::unlock_batch_mq).size() == 1; }));
}

TEST_F(PushTest, nothing_is_committed_of_a_queue_whose_lock_is_lost) {
  broker.records = {record(0, "a", "")};
  std::atomic<bool> open{false};
  result = [&](const ReceivedMessage&) {
    open.wait(false);
    return ConsumeResult::success;
  };
  broker.loses_locks = true;
  auto consumer = start({.ordered = true});
  ASSERT_TRUE(eventually([&] { return server->count(request_code::pull_message) >= 1; }));
  // The first renewal comes within a moment, or else after 20 s, and is refused.
  const auto lost = [&] { return consumer.queues().empty(); };
  ASSERT_TRUE(eventually(lost) || eventually(lost));
  open = true;
  open.notify_all();
  EXPECT_TRUE(consumer.stop().ok());
  ASSERT_TRUE(eventually([&] { return server->count(request_code::unregister_client) == 1; }));
  for (const auto& commit : server->requests(request_code::update_consumer_offset))
    EXPECT_NE(commit.field("topic"), "t");
}

TEST_F(PushTest, a_queue_whose_lock_was_away_for_long_begins_anew) {
  broker.records = {record(0, "a", ""), record(1, "b", "")};
  std::atomic<bool> inside{false}, open{false};
  result = [&](const ReceivedMessage& message) {
    inside = true;
    if (message.body == "a") open.wait(false);
    return ConsumeResult::success;
  };
  auto consumer = start({.ordered = true});
  ASSERT_TRUE(eventually([&] { return inside.load(); }));
  // Another member has had it meanwhile, and consumed both.
  world.run([&] {
    broker.offset = "2";
    broker.records.push_back(record(2, "c", ""));
  });
  const auto asked = [&] {
    std::size_t count = 0;
    for (const auto& query : server->requests(request_code::query_consumer_offset))
      count += query.field("topic") == "t" ? 1 : 0;
    return count;
  };
  world.clock.advance_ms(61'000);
  // The renewal may find a connection that is being left: then the next one comes after 20 s.
  const auto begins_anew = [&] { return asked() >= 2; };
  ASSERT_TRUE(eventually(begins_anew) || eventually(begins_anew));
  open = true;
  open.notify_all();
  EXPECT_TRUE(eventually([&] { return bodies() == "a c "; })) << bodies();
}

TEST_F(PushTest, a_busy_queue_leaves_turns_to_others) {
  queues = 2;
  constexpr std::int64_t busy = 300;
  for (std::int64_t i = 0; i < busy; ++i) broker.records.push_back(record(i, "x", ""));
  broker.records_of_1 = {record(0, "y", "")};
  result = [&](const ReceivedMessage&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return ConsumeResult::success;
  };
  auto consumer = start({.concurrency = 1});
  ASSERT_TRUE(eventually([&] { return bodies().find('y') != std::string::npos; }));
  EXPECT_LT(bodies().find('y'), busy) << "half of what waits in the other queue came before";
}

TEST_F(PushTest, an_ordered_queue_waits_for_what_was_refused) {
  broker.records = {record(0, "a", ""), record(1, "b", ""), record(2, "c", "")};
  result = [](const ReceivedMessage& message) {
    return message.body == "b" && message.reconsume_times < 2 ? ConsumeResult::later
                                                              : ConsumeResult::success;
  };
  auto consumer = start({.ordered = true, .ordered_retry_pause = std::chrono::milliseconds(10)});
  ASSERT_TRUE(eventually([&] { return bodies() == "a b b b c "; })) << bodies();
}

TEST_F(PushTest, an_ordered_message_refused_too_often_goes_to_the_retry_topic) {
  broker.records = {record(0, "a", "UNIQ_KEY\1ID\2"), record(1, "b", "")};
  result = [](const ReceivedMessage& message) {
    return message.body == "a" ? ConsumeResult::later : ConsumeResult::success;
  };
  auto consumer = start(
      {.ordered = true, .ordered_retry_pause = std::chrono::milliseconds(10), .reconsume_max = 1});
  ASSERT_TRUE(eventually([&] { return bodies() == "a a b "; })) << bodies();
  const auto sent = server->requests(request_code::send_message_v2).front();
  EXPECT_EQ(sent.field("b"), "%RETRY%g");
  EXPECT_EQ(sent.field("j"), "1");
  EXPECT_EQ(sent.field("l"), "1");
  EXPECT_NE(sent.field("i").find("RETRY_TOPIC\1t\2"), std::string::npos);
  EXPECT_EQ(sent.body, "a");
}

TEST_F(PushTest, a_listener_may_destroy_its_consumer) {
  broker.records = {record(0, "a", "")};
  auto held = std::make_shared<std::unique_ptr<PushConsumer>>();
  std::atomic<bool> ready{false}, ended{false};
  const auto on_messages = [held, &ready, &ended](auto) {
    ready.wait(false);
    held->reset();
    ended = true;
    return ConsumeResult::success;
  };
  *held = std::make_unique<PushConsumer>(start({.on_messages = on_messages}));
  ready = true;
  ready.notify_all();
  EXPECT_TRUE(eventually([&] { return ended.load(); }));
}

TEST_F(PushTest, a_listener_that_stops_its_consumer_waits_for_the_others) {
  broker.records = {record(0, "a", ""), record(1, "b", "")};
  std::optional<PushConsumer> consumer;
  std::atomic<bool> ready{false}, a_is_inside{false}, a_has_left{false};
  std::atomic<int> waited{-1};
  const auto on_messages = [&](std::span<const ReceivedMessage> messages) {
    ready.wait(false);
    if (messages.front().body == "a") {
      a_is_inside = true;
      a_is_inside.notify_all();
      // Until stop() has begun, and then a little more.
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      a_has_left = true;
      return ConsumeResult::success;
    }
    a_is_inside.wait(false);
    (void)consumer->stop();
    waited = a_has_left ? 1 : 0;
    return ConsumeResult::success;
  };
  consumer.emplace(start({.on_messages = on_messages}));
  ready = true;
  ready.notify_all();
  ASSERT_TRUE(eventually([&] { return waited >= 0; }));
  EXPECT_EQ(waited, 1);
}

TEST_F(PushTest, stop_waits_for_a_listener_and_says_when_it_does_not_return) {
  broker.records = {record(0, "a", "")};
  std::atomic<bool> inside{false}, open{false}, left{false};
  auto consumer = start({.on_messages =
                             [&](auto) {
                               inside = true;
                               open.wait(false);
                               left = true;
                               return ConsumeResult::success;
                             },
                         .stop_timeout = std::chrono::milliseconds(50)});
  ASSERT_TRUE(eventually([&] { return inside.load(); }));
  const auto stopped = consumer.stop();
  EXPECT_EQ(stopped.code(), Errc::timeout);
  open = true;
  open.notify_all();
  EXPECT_TRUE(eventually([&] { return left.load(); }));
}

TEST_F(PushTest, asks_a_broker_about_its_condition_and_names_it_in_heartbeats) {
  auto consumer =
      PushConsumer::start(*client, {.group = "g",
                                    .subscriptions = {{"t", Filter::sql("a > 5")}},
                                    .on_messages = [](auto) { return ConsumeResult::success; }});
  ASSERT_TRUE(consumer) << consumer.status().message();
  const auto check = server->requests(request_code::check_client_config);
  ASSERT_EQ(check.size(), 1U);
  EXPECT_NE(check[0].body.find(R"("expressionType":"SQL92","subString":"a > 5")"),
            std::string::npos)
      << check[0].body;
  ASSERT_TRUE(eventually([&] { return server->count(request_code::pull_message) > 0; }));
  EXPECT_EQ(server->requests(request_code::pull_message).front().field("expressionType"), "SQL92");
  EXPECT_NE(server->requests(request_code::heart_beat).back().body.find(R"("subString":"a > 5")"),
            std::string::npos);
}

TEST_F(PushTest, does_not_start_with_a_condition_that_a_broker_refuses) {
  broker.filter_error = "at character 5";
  const auto consumer =
      PushConsumer::start(*client, {.group = "g",
                                    .subscriptions = {{"t", Filter::sql("a >")}},
                                    .on_messages = [](auto) { return ConsumeResult::success; }});
  ASSERT_FALSE(consumer);
  EXPECT_EQ(consumer.status().code(), Errc::subscription_invalid);
  EXPECT_NE(consumer.status().message().find("at character 5"), std::string::npos);
}

}  // namespace
}  // namespace bolide::client
