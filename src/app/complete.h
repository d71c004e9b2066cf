// SPDX-License-Identifier: Apache-2.0
//
// What may stand at the end of a command line that is being typed.
// Runs on: the main thread.  Owns: nothing.  Invariant: all of it comes from the rows, as the
// parser reads them.
#pragma once

#include "app/command.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::app {

struct Candidate {
  std::string word;
  std::string_view doc = {};
};

struct Completion {
  std::vector<Candidate> candidates = {};  // all that begin with what stands there
  // Besides: topics, groups or contexts (Takes), whose names are asked for; each behind `prefix`.
  std::optional<Takes> names = {};
  std::string prefix = {};  // "--topic="
  std::string typed = {};   // what the names must begin with
  std::vector<std::pair<const OptionRow*, std::string>> connection = {};  // as given on the line
};

// For the words after the program's name; the last one is incomplete, and may be empty.
Completion complete(const std::vector<std::string>& words);

}  // namespace bolide::app
