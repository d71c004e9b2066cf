// SPDX-License-Identifier: Apache-2.0
//
// What is written out of the option table: documentation, the commented default file, help, and the
// settings in effect.
// Runs on: any agent.  Owns: nothing.  Invariant: no secret's value appears in any of them.
#pragma once

#include "table/options.h"

#include <string>

namespace bolide::table {

// docs/options.md: every option by prefix, and what becomes of every key of RocketMQ.
std::string options_markdown();

// A file that sets nothing and shows every option with its default; valid TOML with or without the
// comment signs before the keys.
std::string default_config_toml();

// One line per option: name, default, sentence.
std::string options_help();

// All settings in effect, each with its origin; the TOML reads back to the same settings, but for
// secrets, which stand as comments.
std::string effective_toml(const Options& options);
// {"options":[{"name","value","unit","origin","default","restart"}],"warnings":[...]}; numbers are
// in the option's unit.
std::string effective_json(const Options& options);

}  // namespace bolide::table
