// SPDX-License-Identifier: Apache-2.0
//
// bolide kv list|get|put|delete: settings that the name servers keep.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/output.h"

#include <map>
#include <string>

namespace bolide::app {
namespace {

std::string full_name(const Arguments& arguments) {
  return arguments.text("SPACE") + "/" + arguments.text("KEY");
}

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  auto texts = checked(admin.kv_list(arguments.text("SPACE")));
  // A space is there as long as there is a setting in it.
  if (!texts && texts.error().code != Errc::not_found) return Failure(std::move(texts).error());
  const Doc doc(texts ? std::move(*texts) : std::map<std::string, std::string>());
  print(arguments, streams.out, doc, [&] { return fields_text(doc); });
  return {};
}

Exit get(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto value, checked(admin.kv(arguments.text("SPACE"), arguments.text("KEY"))));
  const Doc doc = Doc::object(
      {{"space", arguments.text("SPACE")}, {"key", arguments.text("KEY")}, {"value", value}});
  print(arguments, streams.out, doc, [&] { return value + "\n"; });
  return {};
}

Exit put(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_CHECK(checked(
      admin.put_kv(arguments.text("SPACE"), arguments.text("KEY"), arguments.text("VALUE"))));
  print_done(arguments, streams.out, {"setting", full_name(arguments), "set"});
  return {};
}

Exit remove(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_CHECK(checked(admin.delete_kv(arguments.text("SPACE"), arguments.text("KEY"))));
  print_done(arguments, streams.out, {"setting", full_name(arguments), "deleted"});
  return {};
}

constexpr OptionRow space_row{
    .names = "SPACE", .doc = "where it belongs: ORDER_TOPIC_CONFIG, ...", .required = true};
constexpr OptionRow key_row{.names = "KEY", .doc = "its name", .required = true};
constexpr OptionRow list_options[] = {space_row};
constexpr OptionRow key_options[] = {space_row, key_row};
constexpr OptionRow put_options[] = {
    space_row, key_row, {.names = "VALUE", .doc = "what it says", .required = true}};

constexpr CommandRow rows[] = {
    {.path = "kv", .doc = "settings that the name servers keep"},
    {.path = "kv list",
     .doc = "all settings of a space",
     .run = list,
     .options = list_options,
     .examples = "bolide kv list ORDER_TOPIC_CONFIG",
     .connects = true},
    {.path = "kv get",
     .doc = "one setting",
     .run = get,
     .options = key_options,
     .examples = "bolide kv get ORDER_TOPIC_CONFIG orders",
     .connects = true},
    {.path = "kv put",
     .doc = "set one, on every name server",
     .run = put,
     .options = put_options,
     .examples = "bolide kv put ORDER_TOPIC_CONFIG orders broker-a:4",
     .connects = true},
    {.path = "kv delete",
     .doc = "forget one, on every name server",
     .run = remove,
     .options = key_options,
     .examples = "bolide kv delete ORDER_TOPIC_CONFIG orders",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> kv_commands() {
  return rows;
}

}  // namespace bolide::app
