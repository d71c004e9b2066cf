// SPDX-License-Identifier: Apache-2.0
//
// Contexts: names for clusters and how to reach them, kept in the user's contexts.toml.
// Runs on: the main thread.  Owns: nothing; the file is read and replaced as a whole.
// Invariant: the current context is one of those in the file, or none.
#pragma once

#include "app/command.h"
#include "base/result.h"

#include <map>
#include <string>
#include <string_view>

namespace bolide::app {

struct Context {
  std::string namesrv;
  std::string description;
  bool tls = false;
  bool tls_insecure = false;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string access_key_file;
};

struct Contexts {
  std::string current;  // empty: none
  std::map<std::string, Context> named;
};

// $XDG_CONFIG_HOME/bolide/contexts.toml, or below ~/.config.
std::string contexts_path();
// Both ways. Errors: config, naming file and line.
Result<Contexts> parse_contexts(std::string_view path, std::string_view text);
std::string contexts_text(const Contexts& contexts);

// A file that is not there holds none. Errors: config, io.
Result<Contexts> load_contexts();
Result<> save_contexts(const Contexts& contexts);

// Errors: not_found, naming those that are there.
Result<Context> find_context(const std::string& name);
// An empty one where none is chosen.
Result<Context> current_context();
// What the connection options say stands above what the context says.
void merge_flags(const Arguments& arguments, Context* context);

}  // namespace bolide::app
