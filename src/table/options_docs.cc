// SPDX-License-Identifier: Apache-2.0
//
// Pages and files generated from the option table.
// Runs on: any agent.  Owns: nothing.  Invariant: see options_docs.h.
#include "table/options_docs.h"

#include "base/json_writer.h"
#include "base/strings.h"
#include "table/rocketmq_keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace bolide::table {
namespace {

constexpr std::string_view markdown_head =
    R"(<!-- @generated from src/table/option_rows.cc by: bolide config docs -->
# Options

A setting is taken from the first of these that has it:

1. the flag `--set KEY=VALUE`,
2. the environment variable `BOLIDE_` + the key in capitals with `_` for `.`
   (`BOLIDE_BROKER_LISTEN`),
3. the file of `--config`: TOML, or RocketMQ's `broker.conf` or `namesrv.conf`,
4. the environment variable `NAMESRV_ADDR` of RocketMQ (for `broker.naming_servers` alone, and not
   where the process is a name server itself),
5. the default.

A key that does not exist is an error; `bolide config check` finds it, `bolide config print` shows
what is in effect and where it comes from. Sizes are in bytes or carry a suffix, a power of 1024:
`64k`, `4MiB`, `1GiB`. Durations are in the unit that the key ends with or carry a suffix: `200ms`,
`30s`, `5m`, `72h`, `3d`. Lists are TOML arrays, or separated by `,` or `;`.
)";

constexpr std::string_view option_columns =
    R"(| option | values | default | change | RocketMQ | meaning |
|---|---|---|---|---|---|
)";

constexpr std::string_view rocketmq_head = R"(
## Files of RocketMQ

A `broker.conf` or `namesrv.conf` is read as it is (`key=value` lines). A file counts as the name
server's if its name contains `namesrv` or `naming`, or if `--set` or the environment gives the
process that role alone. The column "RocketMQ" above shows which of its keys set an option; they
keep RocketMQ's units. An unknown key is an error, where RocketMQ passes over it. The remaining
keys:

| key | what becomes of it |
|---|---|
)";

std::string markdown_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string default_shown(const OptionRow& row) {
  if (row.default_text.empty()) return "none";
  return fmt::format("`{}`", row.default_text);
}

std::string default_with_unit(const OptionRow& row) {
  if (row.default_text.empty()) return "none";
  const bool bare = row.unit == Unit::none || row.type == OptionType::size;
  return fmt::format("{}{}{}", row.default_text, bare || row.unit == Unit::percent ? "" : " ",
                     bare ? "" : unit_name(row.unit));
}

std::string option_line(const OptionRow& row) {
  const std::string keys = rocketmq_keys_of(row.opt);
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", row.name,
                     markdown_cell(describe_option_values(row)), default_shown(row),
                     row.apply == Apply::live ? "live" : "restart", keys, markdown_cell(row.doc));
}

std::string fate(const RocketmqKey& key) {
  switch (key.use) {
    case RocketmqKey::Use::ignored: return fmt::format("no effect: {}", key.reason);
    case RocketmqKey::Use::demanded: return fmt::format("must be `{}`: {}", key.value, key.reason);
    case RocketmqKey::Use::place:
      return fmt::format("must be `{}` in `storePathRootDir`: {}", key.value, key.reason);
    case RocketmqKey::Use::option: break;
  }
  return "";
}

std::string toml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// The value as TOML writes it.
std::string toml_value(const OptionRow& row, const OptionValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    std::string array = "[";
    for (const std::string& item : *list) {
      if (array.size() > 1) array += ", ";
      array += toml_quoted(item);
    }
    return array + "]";
  }
  const std::string text = format_option_value(row, value);
  const bool suffixed = row.type == OptionType::size && !parse_integer<std::int64_t>(text);
  const bool bare = row.type == OptionType::boolean || (row.is_number() && !suffixed);
  return bare ? text : toml_quoted(text);
}

// Calls `section` before the first row of each prefix and `each` for every row.
template <class Section, class Each>
void by_prefix(Section section, Each each) {
  std::string_view prefix;
  for (const OptionRow& row : option_rows()) {
    if (row.prefix() != prefix) section(prefix = row.prefix());
    each(row);
  }
}

void write_json_value(JsonWriter& json, const Options& options, const OptionRow& row) {
  const OptionValue& value = options.value(row.opt);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    json.begin_array();
    for (const std::string& item : *list) json.value(item);
    json.end_array();
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    json.value(*number);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    json.value(*flag);
  } else {
    json.value(options.shown(row.opt));
  }
}

}  // namespace

std::string options_markdown() {
  std::string page(markdown_head);
  by_prefix(
      [&](std::string_view prefix) {
        page += fmt::format("\n## {}\n\n{}.\n\n", prefix, option_prefix_doc(prefix));
        page += option_columns;
      },
      [&](const OptionRow& row) { page += option_line(row); });
  page += rocketmq_head;
  for (const RocketmqKey& key : rocketmq_keys()) {
    if (key.use == RocketmqKey::Use::option) continue;
    page += fmt::format("| `{}` | {} |\n", key.key, fate(key));
  }
  return page;
}

std::string default_config_toml() {
  const Options defaults;
  std::string file =
      "# Settings of Bolide. All are shown with their defaults; remove the # before one to change "
      "it.\n# What they mean at length: docs/options.md.\n";
  by_prefix(
      [&](std::string_view prefix) {
        file += fmt::format("\n# {}.\n[{}]\n", option_prefix_doc(prefix), prefix);
      },
      [&](const OptionRow& row) {
        file +=
            fmt::format("\n# {}\n# Values: {}.\n#{} = {}\n", row.doc, describe_option_values(row),
                        row.rest(), toml_value(row, defaults.value(row.opt)));
      });
  return file;
}

std::string options_help() {
  std::string page;
  std::size_t width = 0;
  for (const OptionRow& row : option_rows()) width = std::max(width, row.name.size());
  by_prefix(
      [&](std::string_view prefix) {
        page += fmt::format("{}{}\n", page.empty() ? "" : "\n", option_prefix_doc(prefix));
      },
      [&](const OptionRow& row) {
        page +=
            fmt::format("  {:<{}}  {} [{}]\n", row.name, width, row.doc, default_with_unit(row));
      });
  return page;
}

std::string effective_toml(const Options& options) {
  std::string file;
  by_prefix(
      [&](std::string_view prefix) {
        file += fmt::format("{}[{}]\n", file.empty() ? "" : "\n", prefix);
      },
      [&](const OptionRow& row) {
        const bool hidden = row.secret && !options.shown(row.opt).empty();
        const std::string value = hidden ? "\"***\"" : toml_value(row, options.value(row.opt));
        file += fmt::format("{}{} = {}  # {}\n", hidden ? "#" : "", row.rest(), value,
                            options.origin(row.opt).text());
      });
  return file;
}

std::string effective_json(const Options& options) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("options");
  json.begin_array();
  for (const OptionRow& row : option_rows()) {
    json.begin_object();
    json.member("name", row.name);
    json.key("value");
    write_json_value(json, options, row);
    json.member("unit", unit_name(row.unit));
    json.member("origin", options.origin(row.opt).text());
    json.member("default", options.is_default(row.opt));
    json.member("restart", row.apply == Apply::restart);
    json.end_object();
  }
  json.end_array();
  json.key("warnings");
  json.begin_array();
  for (const std::string& warning : options.warnings()) json.value(warning);
  json.end_array();
  json.end_object();
  return text;
}

}  // namespace bolide::table
