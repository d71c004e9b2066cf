// SPDX-License-Identifier: Apache-2.0
//
// From the words of a command line to a command and its arguments.
// Runs on: the main thread.  Owns: nothing.
// Invariant: what is returned follows the rows of its command: values that are required are there,
// numbers are numbers and within their bounds.
#pragma once

#include "app/command.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::app {

// The arguments after the program's name. Words of the command come first; options stand anywhere:
// --name value, --name=value, -n value, -nvalue; behind -- there are none.
// Errors: usage, which says what is wrong and names what comes near to it.
Result<Arguments> parse_arguments(const std::vector<std::string>& words);

// A mistake on the command line that has no fix of its own is explained by the command's help.
void point_to_help(std::string_view path, Error* error);

// The option of that name ("-n", "--count"): the command's, a general one or one of connections;
// null where there is none. `command` may be null.
const OptionRow* find_option(const CommandRow* command, std::string_view name);

// 500ms, 10s, 5m, 1h, 2d.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);

// NAME=VALUE at its first '='. Errors: usage, naming the option.
Result<std::pair<std::string, std::string>> parse_pair(std::string_view option,
                                                       const std::string& text);

}  // namespace bolide::app
