// SPDX-License-Identifier: Apache-2.0
//
// Messages: what is sent, and what is received.
// Any thread, one at a time.  Owns: all of their bytes.  Invariant: none.
#pragma once

#include <bolide/export.h>
#include <bolide/host.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide {

// In the order in which they were set. Names and values are not empty and hold no byte 1 or 2.
using Properties = std::vector<std::pair<std::string, std::string>>;

// A queue of a topic on one broker: the unit of order.
struct QueueId {
  std::string topic;
  std::string broker;
  std::int32_t queue = 0;

  auto operator<=>(const QueueId&) const = default;
};

// A message to be sent.
struct Message {
  std::string topic;
  std::string body;                    // not empty, up to 4 MiB
  std::string tag = {};                // what consumers filter by
  std::vector<std::string> keys = {};  // what the message is found by; without spaces
  Properties properties = {};          // of the user
  // Messages of one key go to one queue, as long as the topic has the same queues, and those of
  // them that are stored lie there in the order of the calls that sent them. So a send that fails
  // is not tried again: what was sent behind it may be stored. Who wants no gaps waits for each,
  // and sends it again; where the answer was lost, it may be there twice then. Empty: queues in
  // turn.
  std::string ordering_key = {};
  std::int32_t flag = 0;  // carried along, the user's own
  // When consumers see it, where it is not at once; one of the three. The level is one of the
  // broker's table (by default 1 is 1 s, 18 is 2 h; a higher one is taken for the last). The others
  // are kept to the millisecond by Bolide, and to the second by Apache's broker.
  std::int32_t delay_level = 0;
  std::chrono::milliseconds delay{0};
  std::int64_t deliver_at_ms = 0;  // since the epoch
  // Of a producer with a ProducerOptions::producer_id: the message's number, from 0 on, larger for
  // each new one. The broker knows the last 256 of a queue; one below them is refused.
  std::optional<std::int64_t> sequence = {};
};

// How safely a message is stored.
enum class SendState : std::uint8_t {
  ok,                     // kept as the broker's reply level says
  flush_disk_timeout,     // stored, but not on the disk in time
  flush_replica_timeout,  // stored, but not on a replica in time
  no_replica,             // stored, but no replica is there
};

// What the broker said of a message that it stored.
struct SendReceipt {
  SendState state = SendState::ok;
  QueueId queue;
  std::int64_t offset = 0;  // in its queue
  std::string id;           // made by the producer; what consumers see as id()
  std::string offset_id;    // by which the broker finds it at once
  // Of a message that waits for its time: by which Producer::recall() takes it back.
  std::string recall_handle = {};
};

// A message as a broker gave it to us.
struct BOLIDE_API ReceivedMessage {
  std::string topic;
  std::string broker;  // its name
  std::int32_t queue = 0;
  std::int64_t offset = 0;    // in its queue
  std::int64_t position = 0;  // in the broker's log
  std::int64_t born_ms = 0;   // since the epoch, by the producer's clock
  std::int64_t stored_ms = 0;
  Host born_host;
  Host store_host;
  std::int32_t reconsume_times = 0;  // how often it was handed back
  std::int32_t flag = 0;
  Properties properties;  // the system's among them
  std::string body;       // decompressed
  // The body is what the broker sent, because its checksum is wrong or it cannot be decompressed.
  // Push consumers do not hand out such messages: they give them back to the broker.
  bool damaged = false;

  // Views live as long as the message; empty where there is none.
  std::string_view property(std::string_view name) const;
  std::string_view tag() const;
  std::string_view keys() const;  // separated by spaces
  // The producer's id of the message, else its offset_id().
  std::string id() const;
  // Upper-case hexadecimal of the store's address and the position.
  std::string offset_id() const;
};

}  // namespace bolide
