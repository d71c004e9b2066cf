// SPDX-License-Identifier: Apache-2.0
//
// How a message names the producer that sent it and its number among that producer's messages to
// the queue, so that a repeated send can be told from a new one (docs/idempotence.md).
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bolide {

// Chosen by the producer, never used by another one: 1 to producer_id_bytes_max bytes.
inline constexpr std::string_view producer_id_property = "__PRODUCER_ID";
// The text of a ProducerSequence.
inline constexpr std::string_view producer_sequence_property = "__PRODUCER_SEQ";
// What both begin with.
inline constexpr std::string_view producer_property_prefix = "__PRODUCER_";

inline constexpr std::size_t producer_id_bytes_max = 128;
// Every broker remembers at least so many of a producer's last messages to a queue: a producer has
// no more of them on their way.
inline constexpr std::int64_t producer_window_min = 128;

// The number of a message, or of a batch, among its producer's to one queue: from 0 on, larger for
// each new one. `queue_check` says to which queue, so that a copy that a consumer sends elsewhere,
// properties and all, is not taken for the producer's. As text: 17@9AE0DAAF, and, as a broker
// stores the fourth message of a batch, 17@9AE0DAAF/3.
struct ProducerSequence {
  std::int64_t sequence = 0;
  std::uint32_t queue_check = 0;
  std::int32_t place = -1;  // in the batch; -1: none

  static std::uint32_t check_of(std::string_view topic, std::int32_t queue_id);
  // Nothing for a text that is none.
  static std::optional<ProducerSequence> parse(std::string_view text);
  std::string text() const;

  bool operator==(const ProducerSequence&) const = default;
};

}  // namespace bolide
