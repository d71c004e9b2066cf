// SPDX-License-Identifier: Apache-2.0
//
// The error table: every error that a user or a peer can meet, declared once, with its code in each
// protocol. Protocol modules look their column up here and hold no mapping of their own.
// Runs on: any agent.  Owns: constant data.  Invariant: one row per Errc, in the order of the enum.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bolide {

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
};

// One row of the table. `rocketmq` is the remoting response code (rocketmq wire 1.7), `exit_code`
// what the command line returns (sysexits), `fix` what to do next, for people.
struct ErrorRow {
  Errc code;
  std::string_view name;
  int rocketmq;
  int grpc;
  int mqtt;
  int kafka;
  int amqp;
  int http;
  int exit_code;
  bool retriable;
  std::string_view text;
  std::string_view fix;
};

// The row of `code`. The views live for ever.
const ErrorRow& error_row(Errc code);

// All rows, for documentation and tests.
std::span<const ErrorRow> error_rows();

}  // namespace bolide
