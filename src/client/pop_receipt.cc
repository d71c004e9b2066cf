// SPDX-License-Identifier: Apache-2.0
//
// Receipts of popped messages.
// Runs on: any thread.  Owns: nothing.  Invariant: see pop_receipt.h.
#include "client/pop_receipt.h"

#include "base/base64.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "client/names.h"

#include <algorithm>
#include <tuple>

namespace bolide::client {
namespace {

constexpr std::string_view receipt_property = "POP_CK";
// More than any broker gives at once.
constexpr std::int64_t bits_max = 4'096;

std::optional<PopMark> mark_of(std::string_view text) {
  if (text == "0") return PopMark::own;
  if (text == "1") return PopMark::retry_v1;
  if (text == "2") return PopMark::retry_v2;
  return std::nullopt;
}

std::string_view text_of(PopMark mark) {
  constexpr std::string_view texts[] = {"0", "1", "2"};
  return texts[static_cast<std::size_t>(mark)];
}

// By the name of the topic in which the message lies.
PopMark mark_by_topic(std::string_view topic, std::string_view group) {
  if (!topic.starts_with(retry_prefix)) return PopMark::own;
  const std::string_view rest = topic.substr(retry_prefix.size());
  const bool v2 = rest.starts_with(group) && rest.substr(group.size()).starts_with('+');
  return v2 ? PopMark::retry_v2 : PopMark::retry_v1;
}

template <class Integer>
bool read(std::string_view text, Integer* into) {
  const auto number = parse_integer<Integer>(text);
  if (number && *number >= 0) *into = *number;
  return number && *number >= 0;
}

// As Java writes a BitSet: bit i is bit i % 8 of byte i / 8.
void set_bit(std::string* bits, std::int64_t place) {
  const auto byte = static_cast<std::size_t>(place / 8);
  if (bits->size() <= byte) bits->resize(byte + 1);
  (*bits)[byte] = static_cast<char>(static_cast<unsigned char>((*bits)[byte]) | 1U << (place % 8));
}

}  // namespace

std::string PopReceipt::text() const {
  std::string text;
  const auto add = [&](std::int64_t number) {
    text.append(DecimalText(number).view()).append(" ");
  };
  add(start_offset);
  add(popped_ms);
  add(invisible_ms);
  add(revive_queue);
  text.append(text_of(mark)).append(" ").append(broker).append(" ");
  add(queue);
  text.append(DecimalText(offset).view());
  return text;
}

Result<PopReceipt> PopReceipt::parse(std::string_view text) {
  constexpr std::size_t parts_min = 8;
  const auto parts = split(text, ' ');
  PopReceipt receipt;
  if (parts.size() < parts_min)
    return fail(Errc::malformed, "receipt \"" + std::string(text) + "\"");
  const auto mark = mark_of(parts[4]);
  const bool good = read(parts[0], &receipt.start_offset) && read(parts[1], &receipt.popped_ms) &&
                    read(parts[2], &receipt.invisible_ms) &&
                    read(parts[3], &receipt.revive_queue) && mark && !parts[5].empty() &&
                    read(parts[6], &receipt.queue) && read(parts[7], &receipt.offset);
  if (!good) return fail(Errc::malformed, "receipt \"" + std::string(text) + "\"");
  receipt.mark = *mark;
  receipt.broker = parts[5];
  return receipt;
}

std::string popped_topic(std::string_view group, std::string_view topic, PopMark mark) {
  if (mark == PopMark::own) return std::string(topic);
  std::string name(retry_prefix);
  name.append(group).append(mark == PopMark::retry_v1 ? "_" : "+").append(topic);
  return name;
}

Result<PopTable> PopTable::parse(std::string_view text) {
  PopTable table;
  if (text.empty()) return table;
  for (const std::string_view entry : split(text, ';')) {
    const auto parts = split(entry, ' ');
    std::int64_t number = 0;
    const auto mark = parts.size() == 3 ? mark_of(parts[0]) : std::nullopt;
    if (!mark || !read(parts[2], &number))
      return fail(Errc::malformed, "an answer's \"" + std::string(entry) + "\"");
    table.numbers_[{*mark, std::string(parts[1])}] = number;
  }
  return table;
}

std::optional<std::int64_t> PopTable::find(PopMark mark, std::string_view key) const {
  const auto found = numbers_.find({mark, std::string(key)});
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

PoppedMessage popped(ReceivedMessage message, const PopAnswer& answer) {
  const PopMark mark = mark_by_topic(message.topic, answer.group);
  const DecimalText queue(message.queue);
  // What a broker sends again from a group's retries it names itself.
  auto given = PopReceipt::parse(message.property(receipt_property));
  // A server that does not say where a queue begins means the message itself.
  PopReceipt receipt =
      given ? std::move(*given)
            : PopReceipt{.start_offset =
                             answer.start_offsets.find(mark, queue.view()).value_or(message.offset),
                         .popped_ms = answer.popped_ms,
                         .invisible_ms = answer.invisible_ms,
                         .revive_queue = answer.revive_queue,
                         .mark = mark,
                         .broker = std::string(answer.broker),
                         .queue = message.queue,
                         .offset = message.offset};
  const std::string place =
      "qo" + std::string(queue.view()) + "%" + std::string(DecimalText(message.offset).view());
  auto count = answer.order_counts.find(receipt.mark, place);
  if (!count) count = answer.order_counts.find(receipt.mark, queue.view());
  if (count && *count > 0 && *count <= INT32_MAX)
    message.reconsume_times = static_cast<std::int32_t>(*count);
  PoppedMessage out;
  static_cast<ReceivedMessage&>(out) = std::move(message);
  out.broker = answer.broker;
  out.receipt = receipt.text();
  out.invisible_until_ms = receipt.popped_ms + receipt.invisible_ms;
  return out;
}

std::string batch_ack_body(std::string_view broker, std::string_view group,
                           std::span<const Acked> acked, std::vector<std::size_t>* left_out) {
  const auto key = [](const Acked& ack) {
    const PopReceipt& receipt = ack.receipt;
    return std::tuple(ack.topic, receipt.mark, receipt.queue, receipt.start_offset,
                      receipt.popped_ms, receipt.invisible_ms, receipt.revive_queue);
  };
  std::map<decltype(key(acked.front())), std::string> bits_of;
  for (std::size_t i = 0; i < acked.size(); ++i) {
    const std::int64_t place = acked[i].receipt.offset - acked[i].receipt.start_offset;
    if (place < 0 || place >= bits_max)
      left_out->push_back(i);
    else
      set_bit(&bits_of[key(acked[i])], place);
  }
  std::string body;
  if (bits_of.empty()) return body;
  JsonWriter out(body);
  out.begin_object();
  out.key("acks");
  out.begin_array();
  for (const auto& [together, bits] : bits_of) {
    out.begin_object();
    out.member("b", base64(bits));
    out.member("c", group);
    out.member("it", std::get<5>(together));
    out.member("pt", std::get<4>(together));
    out.member("q", std::get<2>(together));
    out.member("r", text_of(std::get<1>(together)));
    out.member("rq", std::get<6>(together));
    out.member("so", std::get<3>(together));
    out.member("t", std::get<0>(together));
    out.end_object();
  }
  out.end_array();
  out.member("brokerName", broker);
  out.end_object();
  return body;
}

}  // namespace bolide::client
