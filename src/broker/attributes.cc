// SPDX-License-Identifier: Apache-2.0
//
// Attributes of topics and groups: which exist, what values they take, which may change; refused in
// the words of Apache's broker (rocketmq semantics 3.17).
// Runs on: any agent.  Owns: the attribute tables.  Invariant: `attributes` changes as a whole or
// not.
#include "base/strings.h"
#include "broker/config.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace bolide::broker {
namespace {

enum class Kind : std::uint8_t { choice, number, truth, text };

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

struct Attribute {
  std::string_view name;
  Kind kind = Kind::text;
  bool changeable = true;
  std::string_view choices = {};  // separated by |
  std::int64_t min = -1;
  std::int64_t max = most;
};

constexpr std::int64_t dedupe_window_ms_max = 7LL * 24 * 3600 * 1000;

constexpr std::array<Attribute, 6> topic_attributes = {{
    {"message.type", Kind::choice, true,
     "UNSPECIFIED|NORMAL|FIFO|DELAY|TRANSACTION|PRIORITY|LITE|MIXED"},
    {"queue.type", Kind::choice, false, "SimpleCQ|BatchCQ"},
    {"cleanup.policy", Kind::choice, false, "DELETE|COMPACTION"},
    {"reserve.time", Kind::number},
    {"lite.topic.expiration", Kind::number, true, {}, -1, 30 * 24 * 60},  // minutes
    {dedupe_window_attribute, Kind::number, true, {}, 0, dedupe_window_ms_max},
}};

constexpr std::array<Attribute, 8> group_attributes = {{
    {"priority.factor", Kind::number, true, {}, 0, 100},
    {"lite.bind.topic"},
    {"lite.sub.model", Kind::choice, true, "Shared|Exclusive"},
    {"lite.sub.reset.offset.exclusive", Kind::truth},
    {"lite.sub.reset.offset.unsubscribe", Kind::truth},
    {"lite.sub.client.quota", Kind::number},
    {"lite.sub.client.max.event.cnt", Kind::number, true, {}, 10},
    {"lite.sub.wildcard"},
}};

using Change = std::pair<std::string_view, std::string_view>;  // "+name" or "-name", value

Failure wrong(std::string_view what, std::string_view which = {}) {
  return fail(Errc::malformed, std::string(what) + std::string(which));
}

bool is_false(std::string_view value) {
  return std::ranges::equal(value, std::string_view("false"),
                            [](char c, char wanted) { return (c | 0x20) == wanted; });
}

Result<> check_value(const Attribute& attribute, std::string_view value) {
  switch (attribute.kind) {
    case Kind::choice:
      for (std::string_view choice : split(attribute.choices, '|'))
        if (choice == value) return {};
      return wrong("value is not in set: ", attribute.choices);
    case Kind::number: {
      const auto number = parse_integer<std::int64_t>(value);
      if (!number) return wrong("For input string: ", "\"" + std::string(value) + "\"");
      if (*number >= attribute.min && *number <= attribute.max) return {};
      return wrong("value is not in range(" + std::to_string(attribute.min) + ", " +
                   std::to_string(attribute.max) + ")");
    }
    case Kind::truth:
      if (is_true(value) || is_false(value)) return {};
      return wrong("boolean attribute format is wrong.");
    case Kind::text: return {};
  }
  return {};
}

// The attribute that a change is about, if the change may be.
Result<const Attribute*> check_change(std::span<const Attribute> all, const Change& change,
                                      bool creating,
                                      const std::map<std::string, std::string>& attributes) {
  const char sign = change.first.empty() ? ' ' : change.first.front();
  const std::string_view name = change.first.empty() ? change.first : change.first.substr(1);
  if (name.empty() || name.find_first_of("+-") != name.npos)
    return wrong("kv string format wrong.");
  if (creating && sign != '+')
    return wrong("only add attribute is supported while creating topic. key: ", name);
  if (sign != '+' && sign != '-') return wrong("wrong format key: ", name);
  const bool there = attributes.contains(std::string(name));
  if (sign == '-' && !there) return wrong("attempt to delete a nonexistent key: ", name);
  const auto found = std::ranges::find(all, name, &Attribute::name);
  if (found == all.end()) return wrong("unsupported key: ", name);
  if (!creating && !found->changeable)
    return wrong("attempt to update an unchangeable attribute. key: ", name);
  return &*found;
}

Result<> apply(std::span<const Attribute> all, const std::vector<Change>& changes, bool creating,
               std::map<std::string, std::string>* attributes) {
  std::map<std::string, std::string> changed = *attributes;
  std::set<std::string_view> seen;
  for (const Change& change : changes) {
    BOLIDE_TRY(const Attribute* attribute, check_change(all, change, creating, *attributes));
    if (!seen.insert(attribute->name).second)
      return wrong("alter duplication key. key: ", attribute->name);
    if (change.first.front() == '-') {
      changed.erase(std::string(attribute->name));
      continue;
    }
    BOLIDE_CHECK(check_value(*attribute, change.second));
    changed[std::string(attribute->name)] = change.second;
  }
  *attributes = std::move(changed);
  return {};
}

}  // namespace

Result<> apply_attributes(std::string_view changes, bool creating,
                          std::map<std::string, std::string>* attributes) {
  std::vector<Change> parsed;
  for (std::string_view part : split(changes, ',')) {
    part = trim(part);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    if (equals == part.npos) {
      if (name.find('-') == name.npos) return wrong("delete attribute format is wrong: ", name);
      parsed.emplace_back(name, std::string_view{});
      continue;
    }
    if (name.find('+') == name.npos) return wrong("add/alter attribute format is wrong: ", name);
    if (equals + 1 == part.size()) return wrong("a value is missing: ", part);
    parsed.emplace_back(name, part.substr(equals + 1));
    // It can be read by none: the broker would have to know what each message is for.
    if (parsed.back() == Change{"+message.type", "MIXED"})
      return fail(Errc::invalid_argument, "MIXED message type is not supported.");
  }
  return apply(topic_attributes, parsed, creating, attributes);
}

Result<> apply_group_attributes(const std::map<std::string, std::string>& changes, bool creating,
                                std::map<std::string, std::string>* attributes) {
  std::vector<Change> parsed;
  std::vector<std::string> signed_names;
  signed_names.reserve(changes.size());
  for (const auto& [name, value] : changes) {
    // What a client read and sends back has no signs.
    const bool plain = std::ranges::find(group_attributes, name, &Attribute::name) !=
                       std::ranges::end(group_attributes);
    signed_names.push_back(plain ? "+" + name : name);
    parsed.emplace_back(signed_names.back(), value);
  }
  return apply(group_attributes, parsed, creating, attributes);
}

}  // namespace bolide::broker
