// SPDX-License-Identifier: Apache-2.0
//
// Receipts of popped messages.
// Runs on: any agent.  Owns: nothing.  Invariant: see pop_receipt.h.
#include "protocols/remoting/pop_receipt.h"

#include "base/base64.h"
#include "base/json_reader.h"
#include "base/strings.h"

#include <bit>
#include <utility>

namespace bolide::remoting {
namespace {

// More than any client pops at once, and few enough that a list of them is no burden.
constexpr std::size_t batch_bits_max = 4'096;
constexpr std::size_t batch_acks_max = 4'096;
constexpr std::size_t batch_messages_max = 65'536;  // of all entries together

std::optional<broker::PopRetry> retry_of(std::string_view mark) {
  if (mark == "0") return broker::PopRetry::none;
  if (mark == "1") return broker::PopRetry::v1;
  if (mark == "2") return broker::PopRetry::v2;
  return std::nullopt;
}

void append_number(std::string* text, std::int64_t number) {
  text->append(DecimalText(number).view());
}

// "<mark> <queue> " after a separator, if something stands before.
void begin_entry(std::string* text, const broker::PopQueue& queue) {
  if (!text->empty()) text->push_back(';');
  text->push_back(static_cast<char>('0' + static_cast<int>(queue.retry)));
  text->push_back(' ');
}

class Parts {
 public:
  explicit Parts(std::string_view text) : rest_(text) {}

  template <class Integer>
  void number(const char* name, Integer* into) {
    const std::string_view part = next(name);
    const auto value = parse_integer<Integer>(part);
    if (value && *value >= 0)
      *into = *value;
    else
      wrong(name, part);
  }
  std::string_view next(const char* name) {
    const std::size_t space = rest_.find(' ');
    const std::string_view part = rest_.substr(0, space);
    if (part.empty()) wrong(name, part);
    rest_ = space == rest_.npos ? std::string_view{} : rest_.substr(space + 1);
    return part;
  }
  void wrong(const char* name, std::string_view part) {
    if (problem_.empty())
      problem_ = "extraInfo: " + std::string(name) + " is \"" + std::string(part) + "\"";
  }
  const std::string& problem() const { return problem_; }

 private:
  std::string_view rest_;
  std::string problem_;
};

// A Java BitSet's bytes: bit i is bit i % 8 of byte i / 8. False: no such text, or far too long.
bool read_bits(std::string_view text, std::int64_t first, std::vector<std::int64_t>* into) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() > batch_bits_max / 8) return false;
  for (std::size_t i = 0; i < bytes->size(); ++i) {
    for (unsigned byte = static_cast<unsigned char>((*bytes)[i]); byte != 0; byte &= byte - 1)
      into->push_back(first + static_cast<std::int64_t>(i * 8) + std::countr_zero(byte));
  }
  return true;
}

}  // namespace

Result<PopReceipt> parse_receipt(std::string_view text) {
  PopReceipt receipt;
  Parts parts(text);
  parts.number("the offset of the first message", &receipt.start_offset);
  parts.number("the time of the pop", &receipt.given_ms);
  parts.number("the invisible time", &receipt.invisible_ms);
  parts.number("the revive queue", &receipt.revive_queue);
  const std::string_view mark = parts.next("the mark of the topic");
  const auto retry = retry_of(mark);
  if (retry)
    receipt.retry = *retry;
  else
    parts.wrong("the mark of the topic", mark);
  receipt.broker = parts.next("the broker");
  parts.number("the queue", &receipt.queue_id);
  if (!parts.problem().empty()) return fail(Errc::malformed, parts.problem());
  return receipt;
}

std::string start_offset_info(const std::vector<broker::PopQueue>& queues) {
  std::string text;
  for (const broker::PopQueue& queue : queues) {
    begin_entry(&text, queue);
    append_number(&text, queue.queue_id);
    text.push_back(' ');
    append_number(&text, queue.offsets.front());
  }
  return text;
}

std::string message_offset_info(const std::vector<broker::PopQueue>& queues) {
  std::string text;
  for (const broker::PopQueue& queue : queues) {
    begin_entry(&text, queue);
    append_number(&text, queue.queue_id);
    char separator = ' ';
    for (std::int64_t offset : queue.offsets) {
      text.push_back(separator);
      append_number(&text, offset);
      separator = ',';
    }
  }
  return text;
}

std::string order_count_info(const std::vector<broker::PopQueue>& queues) {
  std::string text;
  for (const broker::PopQueue& queue : queues) {
    begin_entry(&text, queue);
    append_number(&text, queue.queue_id);
    text.push_back(' ');
    append_number(&text, queue.times.front());
    for (std::size_t i = 0; i < queue.offsets.size(); ++i) {
      begin_entry(&text, queue);
      text += "qo";
      append_number(&text, queue.queue_id);
      text.push_back('%');
      append_number(&text, queue.offsets[i]);
      text.push_back(' ');
      append_number(&text, queue.times[i]);
    }
  }
  return text;
}

Result<std::vector<BatchAck>> parse_batch_ack(std::string_view body) {
  std::vector<BatchAck> acks;
  bool bad_bits = false;
  bool too_many = false;
  std::size_t messages = 0;
  JsonReader in(body);
  const auto read_ack = [&] {
    if (acks.size() >= batch_acks_max) too_many = true;
    if (too_many) return;
    BatchAck& ack = acks.emplace_back();
    std::int64_t start_offset = 0;
    std::string bits;
    std::string mark = "0";
    in.object([&](JsonKey key) {
      if (key == "c")
        ack.group = in.text();
      else if (key == "t")
        ack.topic = in.text();
      else if (key == "r")
        mark = in.text();
      else if (key == "so")
        start_offset = in.integer<std::int64_t>();
      else if (key == "q")
        ack.queue_id = in.integer<std::int32_t>();
      else if (key == "rq")
        ack.revive_queue = in.integer<std::int32_t>();
      else if (key == "pt")
        ack.given_ms = in.integer<std::int64_t>();
      else if (key == "b")
        bits = in.text();
    });
    const auto retry = retry_of(mark);
    ack.retry = retry.value_or(broker::PopRetry::none);
    const bool in_range = start_offset >= 0 && start_offset < INT64_MAX / 2;
    if (!retry || !in_range || !read_bits(bits, start_offset, &ack.offsets)) bad_bits = true;
    messages += ack.offsets.size();
    if (messages > batch_messages_max) too_many = true;
  };
  in.object([&](JsonKey key) {
    if (key == "acks") in.array(read_ack);
  });
  BOLIDE_CHECK(in.finish());
  if (bad_bits || too_many)
    return fail(Errc::malformed,
                too_many ? "too many acknowledgements" : "acks: r, so or b is wrong");
  return acks;
}

}  // namespace bolide::remoting
