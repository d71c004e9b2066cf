// SPDX-License-Identifier: Apache-2.0
//
// Parsing and writing the value of one option.
// Runs on: any agent.  Owns: nothing.  Invariant: see option_value.h.
#include "table/option_value.h"

#include "base/strings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <span>

namespace bolide::table {
namespace {

struct Suffix {
  std::string_view text;
  std::int64_t factor;
};
constexpr Suffix size_suffixes[] = {
    {"b", 1},           {"k", 1LL << 10},   {"kb", 1LL << 10},  {"kib", 1LL << 10},
    {"m", 1LL << 20},   {"mb", 1LL << 20},  {"mib", 1LL << 20}, {"g", 1LL << 30},
    {"gb", 1LL << 30},  {"gib", 1LL << 30}, {"t", 1LL << 40},   {"tb", 1LL << 40},
    {"tib", 1LL << 40},
};
constexpr Suffix duration_suffixes[] = {
    {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000},
};
constexpr Suffix percent_suffixes[] = {{"%", 1}};

std::span<const Suffix> suffixes_of(Unit unit) {
  switch (unit) {
    case Unit::bytes: return size_suffixes;
    case Unit::ms:
    case Unit::hours: return duration_suffixes;
    case Unit::percent: return percent_suffixes;
    case Unit::none: break;
  }
  return {};
}

std::string_view example_of(Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return "a whole number of bytes, or one with a suffix such as 64k, 4MiB, 1GiB";
    case Unit::ms:
      return "a whole number of milliseconds, or one with a suffix: 200ms, 30s, 5m, 2h";
    case Unit::hours: return "a whole number of hours, or one with a suffix: 72h, 3d";
    case Unit::percent: return "a whole number of per cent, such as 75";
    case Unit::none: break;
  }
  return "a whole number";
}

std::int64_t base_of(Unit unit) {
  return unit == Unit::hours ? 3'600'000 : 1;
}

Failure expects(std::string_view what) {
  return fail(Errc::config, fmt::format("expects {}", what));
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

// libstdc++ 12 has no ranges::contains.
bool contains(const auto& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool has_choice(std::string_view choices, std::string_view text) {
  return !choices.empty() && contains(split(choices, '|'), text);
}

std::string join_choices(std::string_view choices) {
  return fmt::format("{}", fmt::join(split(choices, '|'), ", "));
}

std::string format_size(std::int64_t value) {
  constexpr Suffix units[] = {{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}};
  for (const Suffix& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return fmt::format("{}{}", value / unit.factor, unit.text);
    }
  }
  return fmt::format("{}", value);
}

std::string format_number(const OptionRow& row, std::int64_t value) {
  return row.type == OptionType::size ? format_size(value) : fmt::format("{}", value);
}

Result<> check_bounds(const OptionRow& row, std::int64_t value, std::string_view of) {
  if (value >= row.min && value <= row.max) return {};
  const bool low = value < row.min;
  const std::string bound = format_number(row, low ? row.min : row.max);
  return fail(Errc::config, fmt::format("{}must be at {} {} ({})", of, low ? "least" : "most",
                                        bound, describe_option_values(row)));
}

Result<OptionValue> parse_boolean(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "on" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "off" || word == "no" || word == "0") return false;
  return expects("true or false");
}

Result<OptionValue> parse_text(const OptionRow& row, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return expects("text without NUL");
  BOLIDE_CHECK(check_bounds(row, static_cast<std::int64_t>(text.size()), "its length "));
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("._-%|").find(c) != std::string_view::npos;
  };
  if (row.type == OptionType::name && !std::ranges::all_of(text, allowed)) {
    return expects("letters, digits and . _ - % | only");
  }
  return std::string(text);
}

Result<> check_choice(const OptionRow& row, std::string_view text) {
  if (has_choice(row.choices, text)) return {};
  return expects("one of " + join_choices(row.choices));
}

bool is_host(std::string_view text) {
  const auto bad = [](char c) {
    return std::isgraph(static_cast<unsigned char>(c)) == 0 ||
           std::string_view("/,;\"'").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 255 && std::ranges::none_of(text, bad);
}

Result<OptionValue> parse_list(const OptionRow& row, std::string_view text) {
  std::vector<std::string> list;
  std::string separated(text);
  std::ranges::replace(separated, ';', ',');
  for (const std::string_view part : split(separated, ',')) {
    const std::string_view item = trim(part);
    if (item.empty()) continue;
    BOLIDE_CHECK(row.type == OptionType::addresses ? check_address(item) : check_choice(row, item));
    if (!contains(list, item)) list.emplace_back(item);
  }
  if (list.empty() && row.type == OptionType::choices) {
    return expects("at least one of " + join_choices(row.choices));
  }
  return list;
}

Result<OptionValue> parse_host(const OptionRow& row, std::string_view text) {
  if (has_choice(row.choices, text) || check_address(text)) return std::string(text);
  const bool v6 = std::ranges::count(text, ':') > 1;
  if (is_host(text) && (v6 || text.find(':') == std::string_view::npos)) return std::string(text);
  return expects("a host or host:port, or " + join_choices(row.choices));
}

}  // namespace

Result<std::int64_t> parse_quantity(std::string_view text, Unit unit) {
  text = trim(text);
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789-"), text.size());
  const auto number = parse_integer<std::int64_t>(text.substr(0, digits_end));
  if (!number) return expects(example_of(unit));
  const std::string suffix = lower(trim(text.substr(digits_end)));
  if (suffix.empty()) return *number;
  const auto suffixes = suffixes_of(unit);
  const auto found = std::ranges::find(suffixes, suffix, &Suffix::text);
  if (found == suffixes.end()) return expects(example_of(unit));
  std::int64_t product = 0;
  if (__builtin_mul_overflow(*number, found->factor, &product)) return expects("a smaller number");
  if (product % base_of(unit) != 0) {
    return expects(fmt::format("a whole number of {}", unit_name(unit)));
  }
  return product / base_of(unit);
}

Result<> check_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return expects("host:port");
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!is_host(host) || (!bracketed && host.find_first_of(":[]") != std::string_view::npos)) {
    return expects("host:port, an IPv6 address in brackets");
  }
  if (!parse_integer<std::uint16_t>(text.substr(colon + 1))) {
    return expects("host:port with a port of 0 to 65535");
  }
  return {};
}

Result<OptionValue> parse_option_value(const OptionRow& row, std::string_view text) {
  const std::string_view word = trim(text);
  switch (row.type) {
    case OptionType::boolean: return parse_boolean(word);
    case OptionType::integer:
    case OptionType::size:
    case OptionType::duration: {
      BOLIDE_TRY(const std::int64_t number, parse_quantity(word, row.unit));
      BOLIDE_CHECK(check_bounds(row, number, ""));
      return number;
    }
    case OptionType::name: return parse_text(row, word);
    case OptionType::text: return parse_text(row, text);
    case OptionType::choice: BOLIDE_CHECK(check_choice(row, word)); return std::string(word);
    case OptionType::address: BOLIDE_CHECK(check_address(word)); return std::string(word);
    case OptionType::host: return parse_host(row, word);
    case OptionType::choices:
    case OptionType::addresses: return parse_list(row, text);
  }
  return fail(Errc::internal, "option type");
}

std::string format_option_value(const OptionRow& row, const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    return fmt::format("{}", fmt::join(*list, ","));
  }
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return format_number(row, *number);
  }
  return std::get<std::string>(value);
}

std::string_view unit_name(Unit unit) {
  switch (unit) {
    case Unit::bytes: return "bytes";
    case Unit::ms: return "ms";
    case Unit::hours: return "hours";
    case Unit::percent: return "%";
    case Unit::none: break;
  }
  return "";
}

std::string describe_option_values(const OptionRow& row) {
  switch (row.type) {
    case OptionType::boolean: return "true or false";
    case OptionType::integer:
    case OptionType::duration:
      return fmt::format("{} to {}{}{}", row.min, row.max, row.unit == Unit::none ? "" : " ",
                         unit_name(row.unit));
    case OptionType::size:
      return fmt::format("{} to {}", format_size(row.min), format_size(row.max));
    case OptionType::name:
    case OptionType::text: return fmt::format("{} to {} characters", row.min, row.max);
    case OptionType::choice: return "one of " + join_choices(row.choices);
    case OptionType::choices: return "a list of " + join_choices(row.choices);
    case OptionType::address: return "host:port";
    case OptionType::addresses: return "a list of host:port";
    case OptionType::host: return join_choices(row.choices) + ", host or host:port";
  }
  return "";
}

}  // namespace bolide::table
