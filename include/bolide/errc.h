// SPDX-License-Identifier: Apache-2.0
//
// What can go wrong, for servers and clients alike. Texts and what to do stand in the error table.
// Any thread.  Invariant: new values are added at the end.
#pragma once

#include <cstdint>

namespace bolide {

// The kinds of errors; each has its text and its advice in Status.
enum class Errc : std::uint8_t {
  internal,
  invalid_argument,
  malformed,
  not_supported,
  topic_not_found,
  topic_not_valid,
  group_not_found,
  subscription_not_found,
  subscription_not_latest,
  subscription_invalid,
  queue_out_of_range,
  message_too_large,
  message_invalid,
  no_permission,
  not_found,
  consumer_not_online,
  busy,
  disk_full,
  storage_stopped,
  storage_corrupt,
  io,
  in_use,
  not_a_store,
  config,
  usage,
  timeout,
  connection_failed,
  connection_closed,
  shutting_down,
  not_leader_for_queue,
  quota_exceeded,
};

}  // namespace bolide
