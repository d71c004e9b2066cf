// SPDX-License-Identifier: Apache-2.0
//
// Commits without an outcome.
// Runs on: core agent, at a start.  Owns: nothing.  Invariant: see earlier_commits.h.
#include "broker/transactions/earlier_commits.h"

#include "base/log.h"

#include <algorithm>

namespace bolide::broker {
namespace {

constexpr std::int64_t scan_bytes_max = 1LL << 30U;

// Where the message lies in the log; the log's start if there is none, or it cannot be read.
std::int64_t position_of(store::MessageStore& store, store::QueueNo queue, std::int64_t offset) {
  if (offset < store.min_offset(queue) || offset >= store.next_offset(queue)) return 0;
  auto read = store.read(queue, offset, offset + 1, {.messages_max = 1}, {});
  if (read.cold) {
    store::warm_up(*read.cold);
    read = store.read(queue, offset, offset + 1, {.messages_max = 1}, {});
  }
  store::Record record;
  if (read.messages == 0 || store::decode_record(read.records.front().view(), store::Verify::header,
                                                 &record) != store::DecodeStatus::record)
    return 0;
  return record.position;
}

// What was given back keeps the flag, and names nothing; the log's first message is named so, too.
bool is_commit(const store::Record& record) {
  return (record.sys_flag & store::sys_flag::transaction_mask) == store::sys_flag::commit &&
         (record.prepared_position > 0 ||
          (record.prepared_position == 0 && record.reconsume_times == 0));
}

}  // namespace

std::vector<std::int64_t> earlier_commits(store::MessageStore& store, store::QueueNo halves,
                                          std::int64_t first_open, store::QueueNo outcomes) {
  std::vector<std::int64_t> positions;
  first_open = std::max(first_open, store.min_offset(halves));
  if (first_open >= store.next_offset(halves)) return positions;
  const std::int64_t from = std::max(position_of(store, halves, first_open),
                                     position_of(store, outcomes, store.next_offset(outcomes) - 1));
  if (store.stats().max_position - from > scan_bytes_max) {
    BOLIDE_LOG(warning,
               "the last outcome of a transaction lies far back in the log: what was committed "
               "shortly before the broker ended may be committed again");
    return positions;
  }
  const auto scanned = store.scan(from, [&](const store::Record& record) {
    if (is_commit(record)) positions.push_back(record.prepared_position);
  });
  if (!scanned)
    BOLIDE_LOG(error, "what was committed before cannot be read, and may be committed again: {}",
               scanned.error().message());
  std::ranges::sort(positions);
  return positions;
}

}  // namespace bolide::broker
