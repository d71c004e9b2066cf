// SPDX-License-Identifier: Apache-2.0
//
// The reader of TOML files; the only place that knows toml++.
// Runs on: any agent.  Owns: nothing.  Invariant: no exception leaves.
#include "table/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace bolide::table {
namespace {

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* real = node.as_floating_point()) return fmt::format("{}", real->get());
  return std::nullopt;
}

std::optional<std::string> value_text(const toml::node& node) {
  const auto* array = node.as_array();
  if (array == nullptr) return scalar_text(node);
  std::string joined;
  for (const toml::node& element : *array) {
    const auto text = scalar_text(element);
    if (!text) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined += *text;
  }
  return joined;
}

struct Reading {
  std::string_view path;
  std::vector<ConfigEntry> entries;
};

// Recursion is bounded by the parser, which refuses deeper nesting than 256.
Result<> read_table(Reading& reading, const toml::table& table, const std::string& prefix) {
  for (auto&& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* inner = node.as_table()) {
      BOLIDE_CHECK(read_table(reading, *inner, name + "."));
      continue;
    }
    const auto line = static_cast<int>(key.source().begin.line);
    auto text = value_text(node);
    if (!text) {
      return fail(Errc::config,
                  fmt::format("{}:{}: {}: a value of this kind is not understood (text, number, "
                              "true, false, or an array of them)",
                              reading.path, line, name));
    }
    reading.entries.push_back({line, name, std::move(*text)});
  }
  return {};
}

}  // namespace

Result<std::vector<ConfigEntry>> read_toml(std::string_view path, std::string_view text) {
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(Errc::config,
                fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  Reading reading{path, {}};
  BOLIDE_CHECK(read_table(reading, parsed.table(), ""));
  std::ranges::sort(reading.entries, {}, [](const ConfigEntry& entry) {
    return std::pair<int, std::string_view>(entry.line, entry.key);
  });
  return std::move(reading.entries);
}

}  // namespace bolide::table
