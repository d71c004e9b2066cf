// SPDX-License-Identifier: Apache-2.0
//
// For tests: the core over a real store on a simulated disk, driven turn by turn, and a sink that
// keeps what it is told. Runs on: the test's thread.  Owns: disk, store and core.  Invariant: none.
#pragma once

#include "base/assert.h"
#include "broker/core.h"
#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::broker::testing {

class RecordingSink : public ReplySink {
 public:
  struct Sent {
    Ticket ticket;
    std::optional<Error> error;
    std::int32_t queue_id = 0;
    std::int64_t queue_offset = 0;
    std::vector<std::int64_t> positions;
    std::string unique_key;
    std::string recall_handle;
  };
  struct Pulled {
    Ticket ticket;
    PullResult result;
  };

  void on_send(const Ticket& ticket, const SendResult& result) override {
    sent.push_back({.ticket = ticket,
                    .error = result.error,
                    .queue_id = result.queue_id,
                    .queue_offset = result.queue_offset,
                    .positions = {result.positions.begin(), result.positions.end()},
                    .unique_key = std::string(result.unique_key),
                    .recall_handle = std::string(result.recall_handle)});
  }
  void on_pull(const Ticket& ticket, PullResult&& result) override {
    pulled.push_back({.ticket = ticket, .result = std::move(result)});
  }
  void on_pop(const Ticket& ticket, PopResult&& result) override {
    popped.push_back({.ticket = ticket, .result = std::move(result)});
  }
  bool on_check_transaction(SessionId session, const TransactionQuestion& question) override {
    if (!takes_questions) return false;
    asked.push_back({.session = session,
                     .half_offset = question.half_offset,
                     .position = question.position,
                     .record = std::string(question.record)});
    return true;
  }
  void on_group_changed(SessionId session, std::string_view group) override {
    changed.emplace_back(session, std::string(group));
  }
  void on_lite_unsubscribed(SessionId session, const LiteNotice& notice) override {
    unsubscribed.push_back({.session = session,
                            .client = std::string(notice.client),
                            .group = std::string(notice.group),
                            .lite_topic = std::string(notice.lite_topic)});
  }

  struct Popped {
    Ticket ticket;
    PopResult result;
  };
  struct Asked {
    SessionId session = 0;
    std::int64_t half_offset = 0;
    std::int64_t position = 0;
    std::string record;
  };

  struct Unsubscribed {
    SessionId session = 0;
    std::string client;
    std::string group;
    std::string lite_topic;
  };

  bool takes_questions = true;
  std::vector<Asked> asked;
  std::vector<Unsubscribed> unsubscribed;
  std::vector<Sent> sent;
  std::vector<Pulled> pulled;
  std::vector<Popped> popped;
  std::vector<std::pair<SessionId, std::string>> changed;
};

// The value that a control call answers with; the call must have answered.
template <class T>
class Answer {
 public:
  Reply<T> reply() {
    return [this](Result<T> value) {
      BOLIDE_ASSERT(!value_);
      value_ = std::move(value);
    };
  }
  Result<T>& get() {
    BOLIDE_ASSERT(value_.has_value());
    return *value_;
  }

 private:
  std::optional<Result<T>> value_;
};

// One property as it travels.
inline std::string property(std::string_view name, std::string_view value) {
  std::string text(name);
  text += name_end;
  text += value;
  text += property_end;
  return text;
}

// One element of a batch body (rocketmq wire 1.10).
inline std::string batch_element(std::string_view body, std::string_view properties = {}) {
  std::string out;
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
  };
  put(4 * 5 + body.size() + 2 + properties.size(), 4);
  put(0, 4);
  put(0, 4);
  put(0, 4);
  put(body.size(), 4);
  out += body;
  put(properties.size(), 2);
  out += properties;
  return out;
}

struct RigOptions {
  store::ReplyLevel level = store::ReplyLevel::async;
  bool inline_sync = true;        // false: syncs run when the test says so
  bool inline_background = true;  // likewise for everything else
  std::uint64_t segment_bytes = 8U << 20U;
  std::int64_t retention_ms = 72LL * 3600 * 1000;
  int disk_max_used_percent = 85;
  int disk_full_percent = 90;
  CoreSettings core = {};
};

class CoreRig {
 public:
  explicit CoreRig(RigOptions options = {})
      : background(options.inline_background), sync(options.inline_sync), options_(options) {
    store_options.directory = "store";
    store_options.segment_bytes = options.segment_bytes;
    store_options.retention_ms = options.retention_ms;
    store_options.disk_max_used_percent = options.disk_max_used_percent;
    store_options.disk_full_percent = options.disk_full_percent;
    store_options.reply_level = options.level;
    open();
  }
  ~CoreRig() {
    // The store's jobs hold its parts: let them end first.
    sync.drop();
    background.drop();
  }
  CoreRig(const CoreRig&) = delete;
  CoreRig& operator=(const CoreRig&) = delete;

  void open() {
    auto opened_store = store::open_store(
        fs, store_options, {background.background(), sync.background()}, clock.now());
    BOLIDE_ASSERT(opened_store.has_value());
    store = std::move(*opened_store);
    auto metadata = Metadata::open(fs, "meta");
    BOLIDE_ASSERT(metadata.has_value());
    auto timers = TimerLog::open(fs, "timers", background.background());
    BOLIDE_ASSERT(timers.has_value());
    auto leases = LeaseLog::open(fs, "leases");
    BOLIDE_ASSERT(leases.has_value());
    auto dedupe = DedupeLog::open(fs, "dedupe");
    BOLIDE_ASSERT(dedupe.has_value());
    core = std::make_unique<Core>(options_.core, *store,
                                  CoreState{.metadata = std::move(*metadata),
                                            .timers = std::move(*timers),
                                            .leases = std::move(*leases),
                                            .dedupe = std::move(*dedupe),
                                            .kept = {&fs, "kept"}},
                                  background.background(), clock);
  }
  // The process dies; open() starts it again.
  void kill() {
    core.reset();
    sync.drop();
    background.drop();
    store.reset();
    fs.kill();
  }
  void kill_and_reopen() {
    kill();
    open();
  }
  // Power is lost and comes back: what was not synced is gone.
  void power_loss_and_reopen() {
    core.reset();
    sync.drop();
    background.drop();
    store.reset();
    fs.crash();
    open();
  }
  // The server stops as it should and starts again.
  void restart() {
    BOLIDE_ASSERT(core->shut_down().has_value());
    BOLIDE_ASSERT(store->close().has_value());
    core.reset();
    store.reset();
    open();
  }

  // --- sending ---
  SendRequest request(std::string_view topic, std::string_view body, std::int32_t queue_id = 0) {
    SendRequest made;
    made.ticket = {.sink = &sink, .session = 7, .token = ++token_};
    made.identity = &anonymous;
    made.topic = topic;
    made.default_topic = auto_create_topic;
    made.queue_id = queue_id;
    made.born_ms = clock.now().wall_ms;
    made.body = body;
    return made;
  }
  // Sends and ends the turn; the last answer.
  RecordingSink::Sent send(const SendRequest& made) {
    const std::size_t before = sink.sent.size();
    core->send(made);
    core->end_of_turn();
    BOLIDE_ASSERT(sink.sent.size() == before + 1);
    return sink.sent.back();
  }
  RecordingSink::Sent send(std::string_view topic, std::string_view body, std::int32_t queue_id = 0,
                           std::string_view properties = {}) {
    SendRequest made = request(topic, body, queue_id);
    made.properties = properties;
    return send(made);
  }
  // The code of the refusal; the message must be refused.
  Errc refused(const SendRequest& made) {
    const auto sent = send(made);
    BOLIDE_ASSERT(sent.error.has_value());
    return sent.error->code;
  }

  // --- pulling ---
  PullRequest pull_request(std::string_view topic, std::int64_t offset,
                           std::int64_t suspend_ms = 0) {
    PullRequest made;
    made.ticket = {.sink = &sink, .session = 8, .token = ++token_};
    made.identity = &anonymous;
    made.group = "readers";
    made.topic = topic;
    made.offset = offset;
    made.suspend_ms = suspend_ms;
    made.subscription = "*";
    return made;
  }
  // Pulls and gives the answer, which must come at once.
  PullResult pull(const PullRequest& made) {
    const std::size_t before = sink.pulled.size();
    core->pull(made);
    BOLIDE_ASSERT(sink.pulled.size() == before + 1);
    return std::move(sink.pulled.back().result);
  }
  PullResult pull(std::string_view topic, std::int64_t offset) {
    return pull(pull_request(topic, offset));
  }
  std::int64_t visible_end(std::string_view topic, std::int32_t queue_id = 0) {
    Answer<std::int64_t> answer;
    core->max_offset(anonymous, {.topic = topic, .queue_id = queue_id}, answer.reply());
    return answer.get().value();
  }
  Result<> commit(std::string_view group, const QueueTarget& queue, std::int64_t offset) {
    Answer<void> answer;
    core->commit_offset(anonymous, group, queue, offset, answer.reply());
    return std::move(answer.get());
  }
  // Bodies in what a pull was answered with.
  static std::vector<std::string> bodies(const PullResult& result) {
    store::ReadResult read;
    read.records = result.records;
    return store::testing::bodies(read);
  }
  // The only record of the answer; its views live as long as `result`.
  static store::Record record(const PullResult& result) {
    store::Record found;
    BOLIDE_ASSERT(!result.records.empty());
    BOLIDE_ASSERT(store::decode_record(result.records.front().view(), store::Verify::checksums,
                                       &found) == store::DecodeStatus::record);
    return found;
  }

  // --- clients and admin ---
  void heartbeat(SessionId session, const ConsumerData& consumer) {
    Heartbeat heartbeat;
    heartbeat.client_id = "client-" + std::to_string(session);
    heartbeat.consumers = {consumer};
    Answer<HeartbeatReply> answer;
    core->heartbeat(anonymous, {.sink = &sink, .session = session}, heartbeat, answer.reply());
    BOLIDE_ASSERT(answer.get().has_value());
  }
  void put_topic(std::string_view name, std::int32_t queues,
                 std::int32_t permission = perm::read | perm::write,
                 std::string_view attributes = {}) {
    Answer<void> answer;
    core->put_topic(anonymous,
                    {.name = std::string(name),
                     .read_queues = queues,
                     .write_queues = queues,
                     .permission = permission},
                    attributes, answer.reply());
    BOLIDE_ASSERT(answer.get().has_value());
  }
  void put_topic(std::string_view name, std::int32_t queues, std::string_view attributes) {
    put_topic(name, queues, perm::read | perm::write, attributes);
  }
  void pass_ms(std::int64_t ms) {
    clock.advance_ms(ms);
    core->tick();
    core->end_of_turn();
  }

  os::SimFileSystem fs;
  ManualClock clock;
  store::testing::StepAgent background;
  store::testing::StepAgent sync;
  store::StoreOptions store_options;
  RecordingSink sink;
  Identity anonymous;
  std::unique_ptr<store::MessageStore> store;
  std::unique_ptr<Core> core;

 private:
  RigOptions options_;
  std::int32_t token_ = 0;
};

}  // namespace bolide::broker::testing
