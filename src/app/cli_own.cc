// SPDX-License-Identifier: Apache-2.0
//
// What the program says about itself: bolide help, version, completion, complete, man,
// metrics docs.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/arguments.h"
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/complete.h"
#include "app/context.h"
#include "app/help.h"
#include "app/output.h"
#include "app/server_settings.h"
#include "table/metrics.h"

namespace bolide::app {
namespace {

Exit help(const Arguments& arguments, Streams streams) {
  std::string path;
  for (const std::string& word : arguments.all("COMMAND")) {
    path.append(path.empty() ? "" : " ").append(word);
    if (find_command(path) == nullptr) return fail(Errc::usage, "'" + path + "' is no command");
  }
  streams.out << help_text(path);
  return {};
}

Exit version(const Arguments& arguments, Streams streams) {
  const Doc doc = Doc::object({{"version", version_text}});
  print(arguments, streams.out, doc, [] { return "bolide " + std::string(version_text) + "\n"; });
  return {};
}

Exit completion(const Arguments& arguments, Streams streams) {
  streams.out << completion_text(arguments.text("SHELL"));
  return {};
}

Exit man(const Arguments& arguments, Streams streams) {
  streams.out << (arguments.has("--markdown") ? cli_markdown() : man_text(version_text));
  return {};
}

Exit metrics_docs(const Arguments& /*arguments*/, Streams streams) {
  streams.out << table::metrics_markdown();
  return {};
}

Result<std::vector<std::string>> names_of(Takes kind, const Arguments& arguments) {
  std::vector<std::string> names;
  if (kind == Takes::context) {
    BOLIDE_TRY(const Contexts contexts, load_contexts());
    for (const auto& [name, context] : contexts.named) names.push_back(name);
    return names;
  }
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  if (kind == Takes::topic) {
    BOLIDE_TRY(const auto topics, checked(admin.topics()));
    for (const TopicName& topic : topics) {
      if (!topic.system) names.push_back(topic.name);
    }
    return names;
  }
  BOLIDE_TRY(const auto groups, checked(admin.groups()));
  for (const GroupName& group : groups) {
    if (!group.system) names.push_back(group.name);
  }
  return names;
}

// What shells ask for when somebody presses a key: it must not keep them waiting.
constexpr std::string_view names_timeout = "500ms";

Exit complete_line(const Arguments& arguments, Streams streams) {
  const Completion found = complete(arguments.all("WORD"));
  for (const Candidate& one : found.candidates) streams.out << one.word << '\t' << one.doc << '\n';
  if (!found.names) return {};
  Arguments connection(&arguments.command());
  connection.add(*find_option(nullptr, "--timeout"), std::string(names_timeout));
  for (const auto& [option, value] : found.connection) connection.add(*option, value);
  BOLIDE_TRY(const auto names, names_of(*found.names, connection));
  for (const std::string& name : names) {
    if (name.starts_with(found.typed)) streams.out << found.prefix << name << "\t\n";
  }
  return {};
}

constexpr OptionRow help_options[] = {
    {.names = "COMMAND", .doc = "whose help", .many = true},
};
constexpr OptionRow shell_options[] = {
    {.names = "SHELL",
     .takes = Takes::choice,
     .value = "bash|zsh|fish",
     .doc = "for which shell",
     .required = true},
};
constexpr OptionRow man_options[] = {
    {.names = "--markdown", .takes = Takes::flag, .doc = "the same as Markdown"},
};
constexpr OptionRow complete_options[] = {
    {.names = "WORD", .doc = "what is typed behind bolide so far", .many = true},
};

constexpr CommandRow rows[] = {
    {.path = "metrics", .doc = "what the server measures"},
    {.path = "metrics docs",
     .doc = "every metric, as Markdown",
     .run = metrics_docs,
     .examples = "bolide metrics docs"},
    {.path = "version",
     .doc = "print the version, as --version and -V do",
     .run = version,
     .examples = "bolide version -o json"},
    {.path = "completion",
     .doc = "a shell's completions for bolide",
     .run = completion,
     .options = shell_options,
     .examples = "source <(bolide completion bash)"},
    {.path = "complete",
     .doc = "what may stand at the end of a line, for shells",
     .run = complete_line,
     .options = complete_options,
     .examples = "bolide complete -- topic des",
     .connects = true},
    {.path = "man",
     .doc = "the manual page",
     .run = man,
     .options = man_options,
     .examples = "bolide man | man -l -"},
    {.path = "help",
     .doc = "the help of a command",
     .run = help,
     .options = help_options,
     .examples = "bolide help topic create"},
};

}  // namespace

std::span<const CommandRow> own_commands() {
  return rows;
}

}  // namespace bolide::app
