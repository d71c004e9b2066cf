// SPDX-License-Identifier: Apache-2.0
//
// ReaderCore: the pulls of a Reader (rocketmq 3.4).
// Runs on: the client's agent, but for open() and read().  Owns: the place in each queue, and what
// waits to be read.  Invariant: at most one pull per queue is on its way.
#pragma once

#include <bolide/reader.h>

#include "client/core.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace bolide::client {

class ReaderCore : public std::enable_shared_from_this<ReaderCore> {
 public:
  ReaderCore(std::shared_ptr<Core> core, ReaderOptions options)
      : core_(std::move(core)), options_(std::move(options)) {}

  // Errors: see Reader::open.
  Result<> open();
  Result<std::vector<ReceivedMessage>> read(std::chrono::milliseconds timeout);
  void close();

 private:
  struct Queue {
    std::string broker;
    std::int32_t id = 0;
    std::int64_t next = 0;
    bool pulling = false;
  };

  Result<> find_places(const TopicRoute& route);
  void pull_all();
  void pull(std::size_t index);
  void pull_later(std::size_t index);
  void on_pulled(std::size_t index, Result<Reply> reply);
  Result<> take(Queue& queue, const Reply& reply);
  bool is_full();
  void end(Error error);

  const std::shared_ptr<Core> core_;
  const ReaderOptions options_;
  std::vector<Queue> queues_;
  bool closed_ = false;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::vector<ReceivedMessage> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::optional<Error> error_;
};

}  // namespace bolide::client
