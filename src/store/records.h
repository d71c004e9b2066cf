// SPDX-License-Identifier: Apache-2.0
//
// The records in what a read gave: one walk for all who look at them.
// Runs on: any agent.  Owns: nothing.  Invariant: whoever gives slices has seen the records in them
// whole, as MessageStore::read does.
#pragma once

#include "base/assert.h"
#include "base/buffer.h"
#include "store/record.h"

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace bolide::store {

// Where a record lies: in `in`, from `at` on.
struct RecordPlace {
  const Slice& in;
  std::size_t at = 0;
  std::size_t size = 0;

  std::string_view view() const { return in.view().substr(at, size); }
  Slice slice() const { return {in.chunk, in.begin + at, size}; }
};

// Calls each(record, place) for every record, in order; if that gives a bool, until it is false.
// Returns whether all were given. The record's views live as long as the slices.
template <class Each>
bool for_each_record(const Slices& records, Each each) {
  Record record;
  for (const Slice& slice : records) {
    const std::string_view bytes = slice.view();
    for (std::size_t at = 0; at < bytes.size(); at += record.total_size) {
      const DecodeStatus status = decode_record(bytes.substr(at), Verify::header, &record);
      BOLIDE_ASSERT(status == DecodeStatus::record);
      const RecordPlace place{.in = slice, .at = at, .size = record.total_size};
      if constexpr (std::is_void_v<decltype(each(record, place))>) {
        each(record, place);
      } else {
        if (!each(record, place)) return false;
      }
    }
  }
  return true;
}

}  // namespace bolide::store
