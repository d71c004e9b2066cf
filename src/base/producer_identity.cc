// SPDX-License-Identifier: Apache-2.0
//
// The number of a message among its producer's.
// Runs on: any agent.  Owns: nothing.  Invariant: see producer_identity.h.
#include "base/producer_identity.h"

#include "base/crc.h"
#include "base/strings.h"

#include <charconv>

namespace bolide {
namespace {

constexpr std::size_t check_digits = 8;
constexpr std::int32_t place_end = INT32_MAX / 2;  // more than fit into a batch

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

}  // namespace

std::uint32_t ProducerSequence::check_of(std::string_view topic, std::int32_t queue_id) {
  // The CRC-32 of "topic/7".
  return crc32(DecimalText(queue_id).view(), crc32("/", crc32(topic)));
}

std::optional<ProducerSequence> ProducerSequence::parse(std::string_view text) {
  ProducerSequence parsed;
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    const auto place = parse_integer<std::int32_t>(text.substr(slash + 1));
    if (!place || *place < 0 || *place >= place_end) return std::nullopt;
    parsed.place = *place;
    text = text.substr(0, slash);
  }
  const std::size_t mark = text.find('@');
  if (mark == text.npos || text.size() - mark - 1 != check_digits) return std::nullopt;
  const auto sequence = parse_integer<std::int64_t>(text.substr(0, mark));
  const auto check = parse_hex(text.substr(mark + 1));
  if (!sequence || *sequence < 0 || *sequence >= INT64_MAX / 2 || !check) return std::nullopt;
  parsed.sequence = *sequence;
  parsed.queue_check = *check;
  return parsed;
}

std::string ProducerSequence::text() const {
  std::string text(DecimalText(sequence).view());
  text += '@';
  text.resize(text.size() + check_digits);
  put_hex(text.data() + text.size() - check_digits, queue_check, check_digits);
  if (place >= 0) text.append("/").append(DecimalText(place).view());
  return text;
}

}  // namespace bolide
