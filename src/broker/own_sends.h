// SPDX-License-Identifier: Apache-2.0
//
// Messages that the broker itself stores: retries, dead letters, what becomes due, ends of
// transactions. They take the way of every send, so they are as safe when `done` is called.
// Runs on: core agent.  Owns: what waits to be stored.  Invariant: each `done` is called once.
#pragma once

#include "base/time.h"
#include "broker/api.h"
#include "broker/sender.h"
#include "store/record.h"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace bolide::broker {

// Where a message was stored.
struct Stored {
  std::int64_t queue_offset = 0;
  std::int64_t position = 0;
};

class OwnSends final : public ReplySink {
 public:
  using Done = std::move_only_function<void(Result<Stored>)>;

  explicit OwnSends(Sender& sender) : sender_(sender) {}

  // `request` needs a topic that exists, a queue of it, and complete properties; its ticket is set
  // here. Errors: as of every send.
  void store(SendRequest request, const Now& now, Done done);
  std::size_t waiting() const { return waiting_.size(); }

  void on_send(const Ticket& ticket, const SendResult& result) override;
  void on_pull(const Ticket&, PullResult&&) override {}
  void on_pop(const Ticket&, PopResult&&) override {}
  void on_group_changed(SessionId, std::string_view) override {}
  void on_lite_unsubscribed(SessionId, const LiteNotice&) override {}
  bool on_check_transaction(SessionId, const TransactionQuestion&) override { return false; }

 private:
  Sender& sender_;
  std::unordered_map<std::int32_t, Done> waiting_;
  std::uint32_t next_ = 0;  // goes round
};

// Whether a message that was refused so once is refused so for ever.
bool hopeless(const Error& error);

// A request that stores `record` again, as it is but for what the caller changes. The views are the
// record's.
SendRequest request_of(const store::Record& record);

}  // namespace bolide::broker
