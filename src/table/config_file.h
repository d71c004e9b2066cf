// SPDX-License-Identifier: Apache-2.0
//
// Configuration files as lists of entries: TOML, and the key=value lines of RocketMQ (Java
// properties). What the keys mean is options_load.cc's affair.
// Runs on: any agent.  Owns: nothing.  Invariant: an entry's line is where its key stands.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace bolide::table {

// TOML values come as text: arrays joined by ',', numbers in decimal.
struct ConfigEntry {
  int line = 0;
  std::string key;  // with its sections: "broker.listen"
  std::string value;
};

// Errors: config, whose context begins with "<path>:<line>: ".
Result<std::vector<ConfigEntry>> read_toml(std::string_view path, std::string_view text);

// Errors: config, as above. Lines are `key=value` or `key: value`; # and ! begin comments; a
// backslash at the end of a line continues it, before another character it is an escape.
Result<std::vector<ConfigEntry>> read_properties(std::string_view path, std::string_view text);

// Whether the file is TOML: by its name (.toml, .properties), else by its first telling line.
bool looks_like_toml(std::string_view path, std::string_view text);

}  // namespace bolide::table
