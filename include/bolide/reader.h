// SPDX-License-Identifier: Apache-2.0
//
// Reader: reads all queues of a topic from a place on, without being a member of a group: it takes
// nothing from anyone, and nobody knows how far it is.
// Any thread, one read() at a time.  Owns: what was pulled and not yet read.
// Invariant: messages of one queue come in order, each once, across losses of the connection too.
#pragma once

#include <bolide/client.h>
#include <bolide/filter.h>
#include <bolide/message.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bolide {

namespace client {
class ReaderCore;
}

// Where reading begins: the oldest message, what comes from now on, or a time.
enum class ReadFrom : std::uint8_t { first, last, time };

// What to read.
struct ReaderOptions {
  std::string topic;
  ReadFrom from = ReadFrom::last;
  std::int64_t from_time_ms = 0;  // with ReadFrom::time, since the epoch
  Filter filter = {};
  std::optional<int> queue = {};  // only queues of this number
  // No more is pulled while so much waits to be read.
  std::size_t waiting_messages_max = 4096;
  std::size_t waiting_bytes_max = std::size_t{64} << 20;
};

// Reads a topic without being a member of a group.
class BOLIDE_API Reader {
 public:
  // Looks the topic up and finds its place in every queue. Errors: topic_not_found, no_permission
  // (no queue may be read), queue_out_of_range, connection_failed, timeout.
  static StatusOr<Reader> open(const Client& client, ReaderOptions options);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // Waits until there is a message, at most so long; returns all that wait, perhaps none.
  // Errors: what a broker refuses a pull with; after an error the reader has ended.
  StatusOr<std::vector<ReceivedMessage>> read(std::chrono::milliseconds timeout);

 private:
  explicit Reader(std::shared_ptr<client::ReaderCore> core);

  std::shared_ptr<client::ReaderCore> core_;
};

}  // namespace bolide
