// SPDX-License-Identifier: Apache-2.0
//
// bolide tx list|resume: messages of transactions that have no outcome.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/output.h"
#include "os/clock.h"

namespace bolide::app {
namespace {

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto all, checked(arguments.has("--given-up") ? admin.given_up_transactions()
                                                                 : admin.open_transactions()));
  const WallMs now_ms = os::system_clock().now().wall_ms;
  Doc rows = Doc::array();
  for (const OpenTransaction& one : all) {
    if (arguments.has("--group") && arguments.text("--group") != one.group) continue;
    rows.add(Doc::object({{"topic", one.topic},
                          {"broker", one.broker},
                          {"group", one.group},
                          {"id", one.id},
                          {"offset_id", one.offset_id},
                          {"checks", one.checks ? Doc(*one.checks) : Doc()},
                          {"stored_ms", one.stored_ms},
                          {"age_ms", now_ms - one.stored_ms}}));
  }
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"STORED", "stored_ms", Show::time},
                             {"AGE MS", "age_ms"},
                             {"CHECKS", "checks"},
                             {"GROUP", "group"},
                             {"TOPIC", "topic"},
                             {"BROKER", "broker"},
                             {"OFFSET ID", "offset_id"},
                             {"ID", "id"}});
  });
  return {};
}

Exit resume(const Arguments& arguments, Streams streams) {
  const std::string id = arguments.text("OFFSET_ID");
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_CHECK(checked(admin.resume_transaction(id)));
  print_done(arguments, streams.out, {"transaction", id, "resumed"});
  return {};
}

constexpr OptionRow list_options[] = {
    {.names = "--group", .value = "GROUP", .doc = "only those of these producers"},
    {.names = "--given-up",
     .takes = Takes::flag,
     .doc = "those whose producers were asked too often, and are asked no more"},
};
constexpr OptionRow resume_options[] = {
    {.names = "OFFSET_ID", .doc = "that of tx list --given-up", .required = true},
};

constexpr CommandRow rows[] = {
    {.path = "tx", .doc = "messages of transactions that have no outcome"},
    {.path = "tx list",
     .doc = "what is open, the oldest first; checks where the broker wrote them into the message",
     .run = list,
     .options = list_options,
     .examples = "bolide tx list\nbolide tx list --given-up -o json",
     .connects = true},
    {.path = "tx resume",
     .doc = "ask the producers again about one that was given up",
     .run = resume,
     .options = resume_options,
     .examples = "bolide tx resume 7F00000100002A9F0000000000000000",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> tx_commands() {
  return rows;
}

}  // namespace bolide::app
