// SPDX-License-Identifier: Apache-2.0
//
// The command line: one call per command; and the tables of all commands.
// Runs on: the main thread.  Owns: nothing; the streams are the caller's.
// Invariant: results go to `out`, everything else to `err`.
#pragma once

#include "app/command.h"

#include <span>
#include <string>
#include <vector>

namespace bolide::app {

// Does what the arguments (without the program's name) ask for; returns the exit status: 0, or that
// of the error's row.
int run_cli(const std::vector<std::string>& arguments, Streams streams);

// The rows of the files that they are named after (cli_topic.cc, ...).
std::span<const CommandRow> server_commands();
std::span<const CommandRow> pub_commands();
std::span<const CommandRow> sub_commands();
std::span<const CommandRow> topic_commands();
std::span<const CommandRow> group_commands();
std::span<const CommandRow> message_commands();
std::span<const CommandRow> dlq_commands();
std::span<const CommandRow> timer_commands();
std::span<const CommandRow> tx_commands();
std::span<const CommandRow> cluster_commands();
std::span<const CommandRow> kv_commands();
std::span<const CommandRow> bench_commands();
std::span<const CommandRow> context_commands();
std::span<const CommandRow> config_commands();
std::span<const CommandRow> store_commands();
std::span<const CommandRow> own_commands();

}  // namespace bolide::app
