// SPDX-License-Identifier: Apache-2.0
//
// bolide context add|list|show|use|delete.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/context.h"
#include "app/output.h"

#include <algorithm>

namespace bolide::app {
namespace {

Result<> check_name(const std::string& name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (!name.empty() && std::ranges::all_of(name, good)) return {};
  return fail(Errc::usage, "context '" + name + "': letters, digits, - and _ make a name");
}

// With all that the file says; what it does not say is not there.
Doc doc_of(const std::string& name, const Context& context, const Contexts& contexts) {
  Doc doc = Doc::object({{"context", name}, {"current", name == contexts.current}});
  doc.add("namesrv", context.namesrv);
  doc.add("description", context.description);
  doc.add("tls", context.tls || context.tls_insecure);
  doc.add("tls_insecure", context.tls_insecure);
  doc.add("tls_ca", context.tls_ca);
  doc.add("tls_cert", context.tls_cert);
  doc.add("tls_key", context.tls_key);
  return doc;
}

Exit add(const Arguments& arguments, Streams streams) {
  const std::string name = arguments.text("CONTEXT");
  BOLIDE_CHECK(check_name(name));
  BOLIDE_TRY(Contexts contexts, load_contexts());
  Context context = contexts.named[name];
  merge_flags(arguments, &context);
  if (arguments.has("--description")) context.description = arguments.text("--description");
  if (context.namesrv.empty())
    return fail(Errc::usage, "bolide context add wants --namesrv: where the cluster is");
  contexts.named[name] = std::move(context);
  if (contexts.current.empty() || arguments.has("--use")) contexts.current = name;
  BOLIDE_CHECK(save_contexts(contexts));
  const bool chosen = contexts.current == name;
  print_done(arguments, streams.out, {"context", name, "added"},
             chosen ? "context " + name + " added, and in use" : "");
  return {};
}

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Contexts contexts, load_contexts());
  Doc rows = Doc::array();
  for (const auto& [name, context] : contexts.named) rows.add(doc_of(name, context, contexts));
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"CONTEXT", "context"},
                             {"CURRENT", "current"},
                             {"NAME SERVERS", "namesrv"},
                             {"TLS", "tls"},
                             {"DESCRIPTION", "description"}});
  });
  return {};
}

Exit show(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Contexts contexts, load_contexts());
  const std::string name = arguments.text("CONTEXT", contexts.current);
  if (name.empty())
    return Failure(Error{Errc::not_found, "a current context"}.fixed_by(
        "choose one: bolide context use NAME; 'bolide context list' shows them, 'bolide context "
        "add NAME --namesrv HOST:PORT' makes one"));
  BOLIDE_TRY(const Context context, find_context(name));
  const Doc doc = doc_of(name, context, contexts);
  print(arguments, streams.out, doc, [&] { return fields_text(doc); });
  return {};
}

Exit use(const Arguments& arguments, Streams streams) {
  const std::string name = arguments.text("CONTEXT");
  BOLIDE_CHECK(find_context(name));
  BOLIDE_TRY(Contexts contexts, load_contexts());
  contexts.current = name;
  BOLIDE_CHECK(save_contexts(contexts));
  print_done(arguments, streams.out, {"context", name, "in_use"}, "context " + name + " in use");
  return {};
}

Exit remove(const Arguments& arguments, Streams streams) {
  const std::string name = arguments.text("CONTEXT");
  BOLIDE_CHECK(find_context(name));
  BOLIDE_TRY(Contexts contexts, load_contexts());
  contexts.named.erase(name);
  if (contexts.current == name) contexts.current.clear();
  BOLIDE_CHECK(save_contexts(contexts));
  print_done(arguments, streams.out, {"context", name, "deleted"});
  return {};
}

constexpr OptionRow name_row{
    .names = "CONTEXT", .takes = Takes::context, .doc = "its name", .required = true};
constexpr OptionRow add_options[] = {
    {.names = "CONTEXT", .doc = "its name", .required = true},
    {.names = "--description", .value = "TEXT", .doc = "what the list says about it"},
    {.names = "--use", .takes = Takes::flag, .doc = "make it the current one"},
};
constexpr OptionRow name_options[] = {name_row};
constexpr OptionRow show_options[] = {
    {.names = "CONTEXT", .takes = Takes::context, .doc = "its name; without it the current one"}};

constexpr CommandRow rows[] = {
    {.path = "context", .doc = "names for clusters and how to reach them"},
    {.path = "context add",
     .doc = "name a cluster, or change what is known of it",
     .run = add,
     .options = add_options,
     .examples = "bolide context add prod --namesrv 'mq1:9876;mq2:9876' --tls --use",
     .connects = true},
    {.path = "context list", .doc = "all contexts", .run = list, .examples = "bolide context list"},
    {.path = "context show",
     .doc = "one context",
     .run = show,
     .options = show_options,
     .examples = "bolide context show prod"},
    {.path = "context use",
     .doc = "make a context the current one",
     .run = use,
     .options = name_options,
     .examples = "bolide context use prod"},
    {.path = "context delete",
     .doc = "forget a context",
     .run = remove,
     .options = name_options,
     .examples = "bolide context delete prod"},
};

}  // namespace

std::span<const CommandRow> context_commands() {
  return rows;
}

}  // namespace bolide::app
