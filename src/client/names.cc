// SPDX-License-Identifier: Apache-2.0
//
// Names of topics and groups.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "client/names.h"

#include <algorithm>
#include <string>

namespace bolide::client {
namespace {

constexpr std::size_t topic_bytes_max = 127;
constexpr std::size_t group_bytes_max = 255;

bool good_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '%' || c == '|';
}

bool good_name(std::string_view name, std::size_t bytes_max) {
  return !name.empty() && name.size() <= bytes_max && std::ranges::all_of(name, good_character);
}

constexpr std::string_view rule =
    "': letters, digits, and _ - % | make a name; it may not be empty or longer than ";

}  // namespace

Result<> check_topic(std::string_view topic) {
  if (good_name(topic, topic_bytes_max)) return {};
  return fail(Errc::topic_not_valid,
              "topic '" + std::string(topic).append(rule) + std::to_string(topic_bytes_max));
}

Result<> check_group(std::string_view group) {
  if (good_name(group, group_bytes_max)) return {};
  return fail(Errc::invalid_argument,
              "group '" + std::string(group).append(rule) + std::to_string(group_bytes_max));
}

}  // namespace bolide::client
