// SPDX-License-Identifier: Apache-2.0
//
// The reader of TOML files; the only place that knows toml++.
// Runs on: any agent.  Owns: nothing.  Invariant: no exception leaves.
#include "table/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

// toml++ 3.3 asserts, and in release assumes, that a section's name begins lawfully: "[`x]" aborts
// or is undefined. The code behind the assertion reports it properly, so it is switched off, and
// NDEBUG, which would turn it into the assumption, hidden from the library.
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
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

// Follows strings and comments far enough to know what stands outside of them.
class Outside {
 public:
  explicit Outside(std::string_view text) : rest_(text) {}

  // The line of the first byte beyond ASCII outside strings and comments, or nothing.
  std::optional<int> line_beyond_ascii() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (static_cast<unsigned char>(c) >= 0x80) return line_;
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        skip(std::min(rest_.find('\n'), rest_.size()));
      } else {
        skip(1);
      }
    }
    return std::nullopt;
  }

 private:
  void skip(std::size_t size) {
    const std::string_view gone = rest_.substr(0, size);
    line_ += static_cast<int>(std::ranges::count(gone, '\n'));
    rest_.remove_prefix(gone.size());
  }

  // A string of one line ends at the latest with its line. One of many lines may end with two
  // quotes more than the three that close it.
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long = rest_.starts_with(three);
    skip(is_long ? 3 : 1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (!is_long && (c == quote || c == '\n')) return skip(1);
      if (is_long && rest_.starts_with(three)) {
        const std::size_t quotes = std::min(rest_.find_first_not_of(quote), rest_.size());
        return skip(std::min<std::size_t>(quotes, 5));
      }
      skip(c == '\\' && quote == '"' ? 2 : 1);
    }
  }

  std::string_view rest_;
  int line_ = 1;
};

}  // namespace

Result<std::vector<ConfigEntry>> read_toml(std::string_view path, std::string_view text) {
  // toml++ 3.3 is undefined on most of them (is_non_ascii_horizontal_whitespace), and none is
  // lawful.
  if (const auto line = Outside(text).line_beyond_ascii()) {
    return fail(Errc::config,
                fmt::format("{}:{}: a character beyond ASCII needs quotes around it", path, *line));
  }
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
