// SPDX-License-Identifier: Apache-2.0
//
// The error table: every error that a user or a peer can meet, declared once, with its code in each
// protocol. Protocol modules look their column up here and hold no mapping of their own.
// Runs on: any agent.  Owns: constant data.  Invariant: one row per Errc, in the order of the enum.
#pragma once

#include <bolide/errc.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace bolide {

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
