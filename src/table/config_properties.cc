// SPDX-License-Identifier: Apache-2.0
//
// The reader of key=value files, and the guess which kind a file is.
// Runs on: any agent.  Owns: nothing.  Invariant: reads no byte outside the text, whatever it
// holds.
#include "table/config_file.h"

#include "base/strings.h"

#include <fmt/format.h>

#include <optional>

namespace bolide::table {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Whether the line ends with a backslash that is not itself escaped.
bool continues(std::string_view line) {
  const std::size_t last = line.find_last_not_of('\\');
  return (line.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 == 1;
}

// Nothing for an escape that is not read: \u and one at the very end.
std::optional<std::string> unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size() || text[i] == 'u') return std::nullopt;
    const std::size_t known = std::string_view("tnrf").find(text[i]);
    result += known == std::string_view::npos ? text[i] : "\t\n\r\f"[known];
  }
  return result;
}

// The first = or : that is not escaped.
std::size_t separator_of(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '=' || line[i] == ':')
      return i;
  }
  return std::string_view::npos;
}

std::string_view without_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

bool is_comment(std::string_view line) {
  return line.empty() || line.front() == '#' || line.front() == '!';
}

}  // namespace

Result<std::vector<ConfigEntry>> read_properties(std::string_view path, std::string_view text) {
  std::vector<ConfigEntry> entries;
  std::string logical;
  int number = 0;
  int begin = 0;
  const auto lines = split(without_mark(text), '\n');
  for (const std::string_view physical : lines) {
    ++number;
    std::string_view line = trim(physical);
    if (logical.empty()) {
      if (is_comment(line)) continue;
      begin = number;
    }
    if (continues(line)) {
      line.remove_suffix(1);
      logical += line;
      if (logical.empty()) logical = " ";  // an empty continued line is still under way
      if (static_cast<std::size_t>(number) != lines.size()) continue;
    } else {
      logical += line;
    }
    const std::string_view whole = trim(logical);
    const std::size_t at = separator_of(whole);
    const auto key = unescape(trim(whole.substr(0, at)));
    const auto value =
        at == std::string_view::npos ? std::nullopt : unescape(trim(whole.substr(at + 1)));
    if (at == std::string_view::npos || (key && key->empty())) {
      return fail(Errc::config, fmt::format("{}:{}: expects key=value", path, begin));
    }
    if (!key || !value) {
      return fail(Errc::config,
                  fmt::format("{}:{}: an escape that is not read (write the character "
                              "itself, a backslash as \\\\)",
                              path, begin));
    }
    entries.push_back({begin, *key, *value});
    logical.clear();
  }
  return entries;
}

bool looks_like_toml(std::string_view path, std::string_view text) {
  if (path.ends_with(".toml")) return true;
  if (path.ends_with(".properties")) return false;
  for (const std::string_view physical : split(without_mark(text), '\n')) {
    const std::string_view line = trim(physical);
    if (is_comment(line)) continue;
    if (line.front() == '[') return true;
    const std::size_t at = line.find('=');
    const std::string_view value =
        at == std::string_view::npos ? std::string_view() : trim(line.substr(at + 1));
    if (!value.empty() && std::string_view("\"'[{").find(value.front()) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace bolide::table
