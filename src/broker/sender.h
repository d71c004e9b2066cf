// SPDX-License-Identifier: Apache-2.0
//
// Sending: checks a message, appends it, and answers when the store says it is safe. All messages
// of a turn leave in one write. Runs on: core agent.  Owns: the sends that wait for safety, in log
// order. Invariant: nothing is acknowledged or made visible beyond store.safe_position().
#pragma once

#include <bolide/host.h>

#include "base/random.h"
#include "broker/api.h"
#include "broker/batch_element.h"
#include "broker/dedupe/dedupe.h"
#include "broker/delivery/visible.h"
#include "broker/lmq/multi_dispatch.h"
#include "broker/properties.h"
#include "broker/topics.h"
#include "store/message_store.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

struct SendSettings {
  Host store_host;  // the address clients are told; goes into records and message ids
  std::string broker;
  std::string cluster;
  std::string region = "DefaultRegion";
  bool trace_on = true;
  std::int32_t permission = perm::read | perm::write;
  std::int64_t message_bytes_max = 4 << 20;
  std::size_t waiting_max = 1'000'000;  // sends that wait for safety; more are refused as busy
};

struct SendStats {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t refused = 0;
};

// Where a message is stored that is not for its consumers yet.
struct Detour {
  const Topic* topic = nullptr;
  std::int32_t queue_id = 0;
  std::string properties;
  std::string recall_handle;  // empty: it cannot be recalled
};

// Who decides about messages that are no plain ones.
struct Detours {
  // Of a message to a retry topic: changes where it goes.
  std::function<Result<>(SendRequest* request, const Now& now)> retry;
  // Of a message for later or of a transaction, that would go to `queue_id` of request.topic;
  // nothing: it goes there at once.
  std::function<Result<std::optional<Detour>>(const SendRequest& request, std::int32_t queue_id,
                                              const SendProperties& known, const Now& now)>
      special;
  // Of a message to a static topic: sends it to the queue of this broker, or refuses it.
  std::function<void(const SendRequest& request, const Topic& topic)> mapped;
  // By which a message that waits for its time is taken back; empty if it cannot be.
  std::function<std::string(const store::Record& held)> recall_handle;
};

// What a record covers beyond an offset of its queue.
struct Spread {
  std::span<const store::QueueNo> also = {};
  std::int32_t offsets = 1;
  std::int32_t sys_flag = 0;
};

class Sender {
 public:
  Sender(SendSettings settings, Topics& topics, store::MessageStore& store, Visible& visible,
         std::uint64_t seed);

  void send(const SendRequest& request, const Now& now);
  // End of turn: writes what was appended, then releases.
  void write(const Now& now);
  // Answers and publishes all that has become safe; calls `on_published` once per queue and turn.
  void release();
  void detour_by(Detours detours) { detours_ = std::move(detours); }
  // Requires that it outlives this.
  void tell_apart_by(Dedupe& dedupe) { dedupe_ = &dedupe; }
  void on_published(std::function<void(store::QueueNo)> callback) {
    published_ = std::move(callback);
  }

  const SendStats& stats() const { return stats_; }
  bool idle() const { return head_ == waiting_.size(); }

 private:
  // What few sends have.
  struct Rare {
    std::string recall_handle;
    std::vector<LightPlace> light;
    bool inner_batch = false;
  };
  struct Waiting {
    Ticket ticket;
    store::QueueNo queue = 0;
    std::int32_t queue_id = 0;
    std::int32_t count = 1;  // 0: nothing was stored for it, it was stored before
    std::int64_t first_offset = 0;
    std::int64_t end_position = 0;
    std::int64_t position = 0;  // of a single message
    std::uint8_t unique_key_size = 0;
    char unique_key[63];  // longer ones are in long_unique_key
    std::string long_unique_key;
    std::vector<std::int64_t> positions;  // of a batch
    std::unique_ptr<Rare> rare;

    std::string_view key() const;
    void set_key(std::string_view key);
  };

  Result<> admit(const SendRequest& request) const;
  Result<std::int32_t> choose_queue(const SendRequest& request, const Topic& topic);
  void send_checked(const SendRequest& request, const Now& now);
  Result<> append_one(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                      const Now& now);
  Result<> append_chosen(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                         const SendProperties& known, const Now& now);
  Result<> append_by_priority(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                              const SendProperties& known, const Now& now);
  Result<> append_special(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                          const SendProperties& known, const Now& now);
  Result<> append_plain(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                        const SendProperties& known, const Now& now);
  Result<> append_single(const SendRequest& request, store::QueueNo queue, std::int32_t queue_id,
                         const SendProperties& known, const Now& now);
  // How many messages it holds.
  Result<std::int32_t> check_batch(const SendRequest& request, const Topic& topic,
                                   const SendProperties& common) const;
  Result<> append_batch(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                        const Now& now);
  Result<> append_elements(const SendRequest& request, store::QueueNo queue, std::int32_t queue_id,
                           const Now& now);
  Result<> append_inner_batch(const SendRequest& request, store::QueueNo queue,
                              std::int32_t queue_id, std::int32_t count, const Now& now);
  Result<store::Appended> append(const SendRequest& request, store::QueueNo queue,
                                 std::string_view properties, const SendProperties& known,
                                 const Now& now, const Spread& spread = {});
  std::string_view complete_properties(std::string_view properties, SendProperties* known);
  // sender_repeats.cc
  bool told_apart(const SendRequest& request, const Topic& topic,
                  const SendProperties& known) const {
    return Dedupe::concerns(topic, known) && dedupe_ != nullptr &&
           request.origin == Origin::client && !topic.config.name.starts_with(retry_prefix) &&
           !topic.config.name.starts_with(dead_letter_prefix);
  }
  Result<> append_once(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                       const SendProperties& known, const Now& now);
  Result<> append_batch_once(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                             const SendProperties& common, const Now& now);
  struct BatchOnce;
  Result<> plan_element(const Topic& topic, BatchElement element, BatchOnce& batch, const Now& now);
  Result<> store_rest(const SendRequest& request, BatchOnce& batch, const Now& now);
  void answer_again(const SendRequest& request, const Original& original,
                    const SendProperties& known);
  std::vector<std::int64_t> positions_of(const BatchOnce& batch, std::string_view body);

  Waiting& wait(const SendRequest& request, store::QueueNo queue, std::int32_t queue_id);
  void refuse(const Ticket& ticket, Error error);
  void publish(const Waiting& waiting);
  void answer(const Waiting& waiting);
  void fail_all(const Error& error);
  void compact();
  void collect_keys(const store::IndexedProperties& known);
  std::string_view make_unique_key();

  SendSettings settings_;
  Topics& topics_;
  store::MessageStore& store_;
  Visible& visible_;
  Random random_;
  Detours detours_;
  Dedupe* dedupe_ = nullptr;
  std::function<void(store::QueueNo)> published_;
  std::vector<Waiting> waiting_;  // [head_, size) wait; the front is dropped in large pieces
  std::size_t head_ = 0;
  std::vector<store::QueueNo> touched_;  // scratch of release()
  std::vector<std::string_view> keys_;   // scratch of append()
  std::string properties_;               // scratch: properties as stored
  std::string extra_properties_;         // what every single message gets
  char unique_key_[32];
  std::uint64_t unique_counter_ = 0;
  std::uint64_t unique_prefix_;
  SendStats stats_;
};

}  // namespace bolide::broker
