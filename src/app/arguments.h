// SPDX-License-Identifier: Apache-2.0
//
// What a command line asks for, as values, and what the program knows about its own commands.
// Runs on: the main thread.  Owns: the values.
// Invariant: the parser (arguments.cc) is the only declaration of commands and options; help,
// completions and the manual are written from its CommandInfo.
#pragma once

#include "app/server.h"
#include "base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bolide::app {

enum class Verb : std::uint8_t {
  help,
  server,
  topic_list,
  topic_create,
  topic_describe,
  topic_delete,
  route,
  pub,
  sub,
  store_verify,
  store_dump,
  store_export,
  config_print,
  config_check,
  config_docs,
  config_default,
  metrics_docs,
  version,
  completion,
  man,
  count,
};

struct TopicArguments {
  std::string name;
  bool all = false;
  std::int32_t queues = 4;
  std::string perm = "rw";
  bool order = false;
  std::vector<std::string> attributes;  // NAME=VALUE
  std::string cluster;
};

struct PubArguments {
  std::string topic;
  std::vector<std::string> messages;
  std::string file;
  std::string tag;
  std::vector<std::string> keys;
  std::vector<std::string> properties;  // NAME=VALUE
  std::optional<std::int32_t> queue;
};

struct SubArguments {
  std::string topic;
  std::string from = "last";
  std::uint64_t count = 0;  // 0: without end
  std::string tags = "*";
};

struct StoreArguments {
  std::string data_dir;
  std::int64_t from = 0;    // position in the log
  std::uint64_t count = 0;  // 0: all
};

struct CommandLine {
  Verb verb = Verb::help;
  std::vector<std::string> path;  // of the command: {"topic", "list"}
  bool json = false;
  std::string name_servers;  // empty: from the environment, or the default
  ServerArguments server;    // of server, config print and config check
  TopicArguments topic;      // of topic and route
  PubArguments pub;
  SubArguments sub;
  StoreArguments store;
  std::string shell;  // of completion
};

struct OptionInfo {
  std::string names;  // "-o,--output"; of a positional its name
  std::string value;  // what stands for its value in help; empty for a flag
  std::string doc;
  std::vector<std::string> choices;
  bool positional = false;
  bool required = false;
  bool many = false;
};

struct CommandInfo {
  std::string name;
  std::string doc;
  std::string examples;  // lines
  std::vector<OptionInfo> options;
  std::vector<CommandInfo> commands;
};

// The arguments after the program's name. Errors: usage, which says what is wrong with them.
Result<CommandLine> parse_arguments(const std::vector<std::string>& arguments);

// The whole program's commands and options.
CommandInfo describe_program();

}  // namespace bolide::app
