// SPDX-License-Identifier: Apache-2.0
//
// Overlay: what was given on the command line, laid over the settings that are there.
// Runs on: the main thread.  Owns: the account of what changes.
// Invariant: a setting that was not given stays as it is; where brokers differ in it, nothing is
// guessed.
#pragma once

#include "app/command.h"
#include "app/doc.h"
#include "base/result.h"

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::app {

struct Setting {
  std::string_view name;    // "retry queues"
  std::string_view option;  // that gives it: "--retry-queues"
};

// A setting as it is, with the broker that has it so.
template <class T>
using Present = std::vector<std::pair<std::string, T>>;

class Overlay {
 public:
  // `kind` and `name`: "topic", "orders".
  Overlay(std::string_view kind, std::string name) : kind_(kind), name_(std::move(name)) {}

  // What it is to be: as given, else as it is, else (where nothing is there) `otherwise`.
  // Errors: usage (not given, and not the same on all brokers).
  template <class T>
  Result<T> take(const Setting& setting, const Present<T>& present, const std::optional<T>& given,
                 T otherwise) {
    if (present.empty()) return given.value_or(std::move(otherwise));
    const T& first = present.front().second;
    if (!given) {
      const bool same =
          std::ranges::all_of(present, [&](const auto& one) { return one.second == first; });
      if (same) return first;
      Doc::Object values;
      for (const auto& [broker, value] : present) values.emplace_back(broker, Doc(value));
      return differs(setting, values);
    }
    const auto other =
        std::ranges::find_if(present, [&](const auto& one) { return one.second != *given; });
    if (other != present.end()) note(setting.name, Doc(other->second), Doc(*given));
    return *given;
  }
  // It changes; null is nothing.
  void note(std::string_view setting, Doc from, Doc to);

  // What was done: created, where nothing was there, or what changed.
  void print_done(const Arguments& arguments, std::ostream& out, bool was_there) const;

 private:
  Failure differs(const Setting& setting, const Doc::Object& values) const;

  std::string_view kind_;
  std::string name_;
  Doc changes_ = Doc::array();
};

// Which of two opposite flags stands; nothing where neither does. Errors: usage (both).
Result<std::optional<bool>> either_of(const Arguments& arguments, std::string_view yes,
                                      std::string_view no);
// The number of an option that was given.
std::optional<int> number_of(const Arguments& arguments, std::string_view option);

}  // namespace bolide::app
