// SPDX-License-Identifier: Apache-2.0
//
// What the program's commands are made of: rows that say what they take, and what does the work.
// Runs on: the main thread.  Owns: nothing; rows are constants and live for ever.
// Invariant: the parser, help, completions, the manual and docs/cli.md all read these rows; nothing
// else declares a command or an option.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::app {

// What a value is: how it is checked, and what completes it.
enum class Takes : std::uint8_t {
  flag,
  text,
  choice,    // one of `value`, which reads "a|b"
  number,    // within least and most
  duration,  // 500ms, 10s, 5m, 1h
  file,
  topic,
  group,
  context,
};

struct OptionRow {
  std::string_view names;  // "-n,--count"; of a positional "TOPIC"
  Takes takes = Takes::text;
  std::string_view value = {};  // what stands for it in help: "N"
  std::string_view doc = {};
  bool required = false;
  bool many = false;  // may be given again; a positional: takes all that is left
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();

  bool positional() const { return !names.starts_with('-'); }
  // The name by which Arguments know it: "--count", "TOPIC".
  std::string_view key() const { return names.substr(names.rfind(',') + 1); }
};

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

class Arguments;

// The exit status of a command that ran; an error is printed by run_cli.
using Exit = Result<int>;

struct CommandRow {
  std::string_view path;  // "topic create"; of a group of commands "topic"
  std::string_view doc;
  Exit (*run)(const Arguments& arguments, Streams streams) = nullptr;  // null: a group
  std::span<const OptionRow> options = {};
  std::string_view examples = {};  // lines
  bool connects = false;           // talks to a cluster: takes the options for that
};

// All commands: groups in front of their own, in the order of help.
std::span<const CommandRow> commands();
// Nothing where there is none.
const CommandRow* find_command(std::string_view path);
// The rows right below `path`; those of the program for "".
std::vector<const CommandRow*> commands_below(std::string_view path);
// The last word of a path.
std::string_view last_word(std::string_view path);

// Options that stand with every command, and those of commands that connect.
std::span<const OptionRow> general_options();
std::span<const OptionRow> connection_options();
// The choices of a row that takes one.
std::vector<std::string_view> choices_of(const OptionRow& option);

// How a command shows its result.
enum class Format : std::uint8_t { table, json, yaml };

// What stood on a command line. A name that the command's rows do not know is a mistake of ours.
class Arguments {
 public:
  explicit Arguments(const CommandRow* command) : command_(command) {}

  const CommandRow& command() const { return *command_; }
  bool has(std::string_view key) const;
  std::string text(std::string_view key, std::string_view otherwise = {}) const;
  std::int64_t number(std::string_view key, std::int64_t otherwise) const;
  std::int64_t duration_ms(std::string_view key, std::int64_t otherwise) const;
  const std::vector<std::string>& all(std::string_view key) const;
  Format format() const;

  // For the parser.
  void add(const OptionRow& option, std::string value);
  bool help = false;  // asked for

 private:
  const CommandRow* command_;
  std::map<std::string_view, std::vector<std::string>> values_;  // by key
};

}  // namespace bolide::app
