// SPDX-License-Identifier: Apache-2.0
//
// Topic attributes: which exist, what values they take, which may change (rocketmq semantics 3.17).
// Runs on: any agent.  Owns: the attribute table.  Invariant: `attributes` changes as a whole or
// not.
#include "base/strings.h"
#include "broker/config.h"

#include <algorithm>
#include <array>

namespace bolide::broker {
namespace {

struct Attribute {
  std::string_view name;
  std::string_view choices;  // separated by |; empty: a number
  bool changeable;
  std::int64_t min = 0;  // of a number
  std::int64_t max = 0;
};

constexpr std::int64_t dedupe_window_ms_max = 7LL * 24 * 3600 * 1000;

constexpr std::array<Attribute, 5> attribute_table = {{
    {"message.type", "UNSPECIFIED|NORMAL|FIFO|DELAY|TRANSACTION|MIXED|LITE|PRIORITY", true},
    {"queue.type", "SimpleCQ|BatchCQ", false},
    {"cleanup.policy", "DELETE|COMPACTION", false},
    {"reserve.time", "", true, -1, INT64_MAX},
    {dedupe_window_attribute, "", true, 0, dedupe_window_ms_max},
}};

const Attribute* find(std::string_view name) {
  const auto* row = std::ranges::find(attribute_table, name, &Attribute::name);
  return row == attribute_table.end() ? nullptr : row;
}

Result<> check_value(const Attribute& attribute, std::string_view value) {
  const std::string place = std::string(attribute.name) + "=" + std::string(value);
  if (attribute.choices.empty()) {
    const auto number = parse_integer<std::int64_t>(value);
    if (!number || *number < attribute.min || *number > attribute.max) {
      const std::string bounds =
          attribute.max == INT64_MAX
              ? "of at least " + std::to_string(attribute.min)
              : "from " + std::to_string(attribute.min) + " to " + std::to_string(attribute.max);
      return fail(Errc::invalid_argument, place + ": takes a number " + bounds);
    }
    return {};
  }
  for (std::string_view choice : split(attribute.choices, '|')) {
    if (choice == value) return {};
  }
  return fail(Errc::invalid_argument, place + ": takes one of " + std::string(attribute.choices));
}

}  // namespace

Result<> apply_attributes(std::string_view changes, bool creating,
                          std::map<std::string, std::string>* attributes) {
  std::map<std::string, std::string> changed = *attributes;
  for (std::string_view part : split(changes, ',')) {
    part = trim(part);
    if (part.empty()) continue;
    const char sign = part.front();
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(1, equals == part.npos ? equals : equals - 1);
    if ((sign != '+' && sign != '-') || (sign == '+' && equals == part.npos)) {
      return fail(Errc::invalid_argument,
                  std::string(part) + ": write +key=value to set or -key to remove");
    }
    const Attribute* attribute = find(name);
    if (attribute == nullptr) {
      return fail(Errc::invalid_argument, "unknown attribute " + std::string(name));
    }
    if (!creating && !attribute->changeable) {
      return fail(Errc::invalid_argument,
                  std::string(name) + " can be set only when the topic is created");
    }
    if (sign == '-') {
      changed.erase(std::string(name));
      continue;
    }
    const std::string_view value = part.substr(equals + 1);
    BOLIDE_CHECK(check_value(*attribute, value));
    changed[std::string(name)] = value;
  }
  *attributes = std::move(changed);
  return {};
}

}  // namespace bolide::broker
