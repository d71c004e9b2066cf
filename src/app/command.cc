// SPDX-License-Identifier: Apache-2.0
//
// Finding rows, and what stood on a command line.
// Runs on: the main thread.  Owns: nothing.  Invariant: see command.h.
#include "app/command.h"

#include "app/arguments.h"
#include "base/assert.h"
#include "base/strings.h"

#include <algorithm>

namespace bolide::app {
namespace {

constexpr OptionRow general_rows[] = {
    {.names = "-h,--help", .takes = Takes::flag, .doc = "show the help of a command"},
    {.names = "-o,--output",
     .takes = Takes::choice,
     .value = "table|json|yaml",
     .doc = "tables for people; JSON and YAML for programs"},
};

constexpr OptionRow connection_rows[] = {
    {.names = "--namesrv",
     .value = "HOST:PORT[;...]",
     .doc = "name servers; or BOLIDE_NAMESRV, NAMESRV_ADDR, the context, 127.0.0.1:9876"},
    {.names = "--context",
     .takes = Takes::context,
     .value = "NAME",
     .doc = "a cluster that was named by: bolide context add"},
    {.names = "--timeout",
     .takes = Takes::duration,
     .value = "TIME",
     .doc = "how long to wait for an answer (5s)"},
    {.names = "--tls", .takes = Takes::flag, .doc = "encrypt; the servers must offer it"},
    {.names = "--tls-ca",
     .takes = Takes::file,
     .value = "FILE",
     .doc = "certificates to trust, PEM; without it the system's"},
    {.names = "--tls-cert",
     .takes = Takes::file,
     .value = "FILE",
     .doc = "the certificate to show to servers, PEM"},
    {.names = "--tls-key", .takes = Takes::file, .value = "FILE", .doc = "its key, PEM"},
    {.names = "--tls-insecure",
     .takes = Takes::flag,
     .doc = "encrypt without checking who the server is"},
    {.names = "--access-key-file",
     .takes = Takes::file,
     .value = "FILE",
     .doc = "who we are: accessKey and secretKey as in RocketMQ's tools.yml; or "
            "BOLIDE_ACCESS_KEY_FILE"},
};

}  // namespace

std::span<const OptionRow> general_options() {
  return general_rows;
}

std::span<const OptionRow> connection_options() {
  return connection_rows;
}

const CommandRow* find_command(std::string_view path) {
  const auto rows = commands();
  const auto found = std::ranges::find(rows, path, &CommandRow::path);
  return found == rows.end() ? nullptr : &*found;
}

std::vector<const CommandRow*> commands_below(std::string_view path) {
  std::vector<const CommandRow*> below;
  for (const CommandRow& row : commands()) {
    std::string_view rest = row.path;
    if (!path.empty()) {
      if (!rest.starts_with(path) || rest.size() <= path.size() || rest[path.size()] != ' ')
        continue;
      rest.remove_prefix(path.size() + 1);
    }
    if (rest.find(' ') == rest.npos) below.push_back(&row);
  }
  return below;
}

std::string_view last_word(std::string_view path) {
  return path.substr(path.rfind(' ') + 1);
}

std::vector<std::string_view> choices_of(const OptionRow& option) {
  if (option.takes != Takes::choice) return {};
  return split(option.value, '|');
}

void Arguments::add(const OptionRow& option, std::string value) {
  std::vector<std::string>& values = values_[option.key()];
  // Of what may stand once the last counts.
  if (!option.many) values.clear();
  values.push_back(std::move(value));
}

const std::vector<std::string>& Arguments::all(std::string_view key) const {
  static const std::vector<std::string> none;
  const auto known = [&](std::span<const OptionRow> rows) {
    return std::ranges::find(rows, key, &OptionRow::key) != rows.end();
  };
  BOLIDE_ASSERT(known(command_->options) || known(general_rows) || known(connection_rows));
  const auto found = values_.find(key);
  return found == values_.end() ? none : found->second;
}

bool Arguments::has(std::string_view key) const {
  return !all(key).empty();
}

std::string Arguments::text(std::string_view key, std::string_view otherwise) const {
  const auto& values = all(key);
  return values.empty() ? std::string(otherwise) : values.back();
}

std::int64_t Arguments::number(std::string_view key, std::int64_t otherwise) const {
  const auto& values = all(key);
  return values.empty() ? otherwise
                        : parse_integer<std::int64_t>(values.back()).value_or(otherwise);
}

std::int64_t Arguments::duration_ms(std::string_view key, std::int64_t otherwise) const {
  const auto& values = all(key);
  return values.empty() ? otherwise : parse_duration_ms(values.back()).value_or(otherwise);
}

Format Arguments::format() const {
  const std::string name = text("--output");
  if (name == "json") return Format::json;
  return name == "yaml" ? Format::yaml : Format::table;
}

}  // namespace bolide::app
