// SPDX-License-Identifier: Apache-2.0
//
// Access to the values of the options.
// Runs on: see options.h.  Owns: the values.  Invariant: see options.h.
#include "table/options.h"

#include "base/assert.h"
#include "base/strings.h"

#include <algorithm>

namespace bolide::table {

std::string Origin::text() const {
  switch (kind) {
    case Kind::by_default: return "default";
    case Kind::file: return place;
    case Kind::environment_of_rocketmq:
    case Kind::environment: return "environment " + place;
    case Kind::flag: return "--set";
  }
  return "";
}

Options::Options() {
  for (const OptionRow& row : option_rows()) reset(row.opt);
}

const Options::Slot& Options::slot(Opt opt) const {
  BOLIDE_ASSERT(opt < Opt::count);
  return slots_[static_cast<std::size_t>(opt)];
}

bool Options::boolean(Opt opt) const {
  const auto* found = std::get_if<bool>(&slot(opt).value);
  BOLIDE_ASSERT(found != nullptr);
  return *found;
}

std::int64_t Options::integer(Opt opt) const {
  const auto* found = std::get_if<std::int64_t>(&slot(opt).value);
  BOLIDE_ASSERT(found != nullptr);
  return *found;
}

const std::string& Options::text(Opt opt) const {
  const auto* found = std::get_if<std::string>(&slot(opt).value);
  BOLIDE_ASSERT(found != nullptr);
  return *found;
}

const std::vector<std::string>& Options::list(Opt opt) const {
  const auto* found = std::get_if<std::vector<std::string>>(&slot(opt).value);
  BOLIDE_ASSERT(found != nullptr);
  return *found;
}

std::size_t Options::choice_index(Opt opt) const {
  const auto choices = split(option_row(opt).choices, '|');
  const auto found = std::ranges::find(choices, text(opt));
  BOLIDE_ASSERT(found != choices.end());
  return static_cast<std::size_t>(found - choices.begin());
}

std::string Options::shown(Opt opt) const {
  const OptionRow& row = option_row(opt);
  std::string text = format_option_value(row, value(opt));
  return row.secret && !text.empty() ? "***" : text;
}

Result<> Options::set(Opt opt, std::string_view text, Origin origin) {
  BOLIDE_TRY(OptionValue parsed, parse_option_value(option_row(opt), text));
  slots_[static_cast<std::size_t>(opt)] = {std::move(parsed), std::move(origin)};
  return {};
}

void Options::reset(Opt opt) {
  auto parsed = parse_option_value(option_row(opt), option_row(opt).default_text);
  BOLIDE_ASSERT(parsed.has_value());
  slots_[static_cast<std::size_t>(opt)] = {std::move(*parsed), {}};
}

}  // namespace bolide::table
