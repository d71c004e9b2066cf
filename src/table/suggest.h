// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean": the known word nearest to one that is not known.
// Runs on: any agent.  Owns: nothing.  Invariant: work is bounded whatever the word's length.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace bolide::table {

// How many insertions, deletions and replacements lead from `a` to `b`, ignoring the case of ASCII.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or nothing where none is near (a third of its length).
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace bolide::table
