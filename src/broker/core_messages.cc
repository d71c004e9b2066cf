// SPDX-License-Identifier: Apache-2.0
//
// The core's calls that look up single messages, waiting for the disk where they must.
// Runs on: core agent.  Owns: searches under way.  Invariant: each is answered exactly once.
#include "broker/core.h"

namespace bolide::broker {
namespace {

constexpr int cold_tries_max = 8;

// Whether the record really carries the key: the index knows hashes only.
bool carries(const store::Record& record, std::string_view topic, std::string_view key,
             bool unique_key) {
  if (record.topic != topic) return false;
  if (store::find_property(record.properties, "UNIQ_KEY") == key) return true;
  if (unique_key) return false;
  std::string_view rest = store::find_property(record.properties, "KEYS");
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    if (rest.substr(0, space) == key) return true;
    rest = space == rest.npos ? std::string_view{} : rest.substr(space + 1);
  }
  return false;
}

}  // namespace

void Core::message_at(const Identity&, std::int64_t position, Reply<Slices> reply) {
  read_record(position, 0, std::move(reply));
}

void Core::read_record(std::int64_t position, int tries, Reply<Slices> reply) {
  const auto nothing = [&] {
    return fail(Errc::not_found, "can not find message by the offset: " + std::to_string(position));
  };
  // Never what a crash could take back, nor what is not the start of a record.
  if (position < 0 || position >= store_.safe_position()) return reply(nothing());
  auto read = store_.read_position(position);
  if (read.status != store::ReadStatus::cold) {
    if (read.records.empty()) return reply(nothing());
    return reply(std::move(read.records));
  }
  if (tries >= cold_tries_max) return reply(fail(Errc::busy, "reading the message"));
  auto kept = std::make_shared<Reply<Slices>>(std::move(reply));
  background_([this, position, tries, kept,
               range = std::move(*read.cold)]() -> std::move_only_function<void()> {
    store::warm_up(range);
    return [this, position, tries, kept] { read_record(position, tries + 1, std::move(*kept)); };
  });
}

struct Core::KeySearch {
  std::string topic;
  std::string key;
  bool unique_key = false;
  std::size_t count_max = 0;
  std::vector<std::int64_t> positions;
  std::size_t next = 0;
  Slices found;
  Reply<Slices> reply;
};

void Core::find_messages(const Identity&, std::string_view topic, std::string_view key,
                         bool unique_key, std::size_t count_max, std::int64_t from_ms,
                         std::int64_t to_ms, Reply<Slices> reply) {
  auto positions = store_.find_key(topic, key, from_ms, to_ms, count_max);
  if (!positions) return reply(Failure(std::move(positions).error()));
  auto search = std::make_shared<KeySearch>();
  search->topic = topic;
  search->key = key;
  search->unique_key = unique_key;
  search->count_max = count_max;
  search->positions = std::move(*positions);
  search->reply = std::move(reply);
  read_next(std::move(search));
}

void Core::read_next(std::shared_ptr<KeySearch> search) {
  if (search->next == search->positions.size() || search->found.size() == search->count_max) {
    if (search->found.empty()) {
      return search->reply(
          fail(Errc::not_found, "can not find message, maybe time range not correct"));
    }
    return search->reply(std::move(search->found));
  }
  const std::int64_t position = search->positions[search->next++];
  read_record(position, 0, [this, search](Result<Slices> read) {
    store::Record record;
    if (read &&
        store::decode_record(read->front().view(), store::Verify::header, &record) ==
            store::DecodeStatus::record &&
        carries(record, search->topic, search->key, search->unique_key)) {
      search->found.push_back(read->front());
    }
    read_next(search);
  });
}

}  // namespace bolide::broker
