// SPDX-License-Identifier: Apache-2.0
//
// The parser of command lines.
// Runs on: the main thread.  Owns: nothing.  Invariant: see arguments.h.
#include "app/arguments.h"

#include "base/strings.h"
#include "table/suggest.h"

#include <algorithm>
#include <array>
#include <limits>

namespace bolide::app {
namespace {

Failure usage(std::string cause) {
  return fail(Errc::usage, std::move(cause));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = table::nearest(word, candidates);
  return near.empty() ? "" : "; did you mean '" + std::string(near) + "'?";
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::vector<std::string_view> names_below(std::string_view path) {
  std::vector<std::string_view> names;
  for (const CommandRow* const row : commands_below(path)) names.push_back(last_word(row->path));
  return names;
}

bool is_of_connections(const OptionRow& option) {
  return std::ranges::any_of(connection_options(),
                             [&](const OptionRow& row) { return &row == &option; });
}

// Takes the words apart, from the first to the last.
class Parser {
 public:
  explicit Parser(const std::vector<std::string>& words) : words_(words) {}

  Result<Arguments> parse();
  // Of the command, as far as it is known.
  std::string path() const { return command_ == nullptr ? "" : std::string(command_->path); }

 private:
  struct Given {
    const OptionRow* option;
    std::string value;
  };

  Result<> take_word(const std::string& word);
  Result<> take_command(const std::string& word);
  Result<> take_option(std::string_view name, std::optional<std::string> value);
  Result<> take_letters(const std::string& word);
  Failure unknown_option(std::string_view name) const;
  Result<> place_positionals(Arguments* arguments) const;
  bool is_leaf() const { return command_ != nullptr && command_->run != nullptr; }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  const CommandRow* command_ = nullptr;
  std::vector<Given> given_;
  std::vector<std::string> positionals_;
  bool help_ = false;
};

Result<> check_value(const OptionRow& option, const std::string& value) {
  const auto wrong = [&](const std::string& what) {
    return usage(std::string(option.key()) + ": '" + value + "' is " + what);
  };
  if (option.takes == Takes::choice) {
    const auto choices = choices_of(option);
    if (std::ranges::find(choices, value) == choices.end())
      return wrong("none of " + joined(choices) + did_you_mean(value, choices));
  }
  if (option.takes == Takes::number) {
    const auto number = parse_integer<std::int64_t>(value);
    if (!number) return wrong("no whole number");
    if (*number < option.least) return wrong("below " + std::to_string(option.least));
    if (*number > option.most) return wrong("above " + std::to_string(option.most));
  }
  if (option.takes == Takes::duration && !parse_duration_ms(value))
    return wrong("no duration: write 500ms, 10s, 5m or 1h");
  return {};
}

Failure Parser::unknown_option(std::string_view name) const {
  std::vector<std::string_view> candidates;
  const auto add = [&](std::span<const OptionRow> rows) {
    for (const OptionRow& row : rows) {
      if (!row.positional()) candidates.push_back(row.key());
    }
  };
  if (command_ != nullptr) add(command_->options);
  add(general_options());
  if (command_ != nullptr && command_->connects) add(connection_options());
  return usage("'" + std::string(name) + "' is no option" +
               (command_ == nullptr ? "" : " of bolide " + path()) +
               did_you_mean(name, candidates));
}

Result<> Parser::take_option(std::string_view name, std::optional<std::string> value) {
  const OptionRow* const option = find_option(command_, name);
  if (option == nullptr) return unknown_option(name);
  if (option->takes == Takes::flag) {
    if (value) return usage(std::string(name) + " takes no value");
    if (option->key() == "--help") help_ = true;
    given_.push_back({option, "true"});
    return {};
  }
  if (!value) {
    if (at_ == words_.size())
      return usage(std::string(name) + " wants a value: " + std::string(option->value));
    value = words_[at_++];
  }
  BOLIDE_CHECK(check_value(*option, *value));
  given_.push_back({option, std::move(*value)});
  return {};
}

// -n5, -n 5.
Result<> Parser::take_letters(const std::string& word) {
  std::optional<std::string> value;
  if (word.size() > 2) value = word.substr(2);
  return take_option(std::string_view(word).substr(0, 2), std::move(value));
}

Result<> Parser::take_command(const std::string& word) {
  const std::string longer = command_ == nullptr ? word : path() + " " + word;
  const CommandRow* const found = find_command(longer);
  if (found != nullptr) {
    command_ = found;
    return {};
  }
  const auto names = names_below(path());
  if (command_ == nullptr) return usage("'" + word + "' is no command" + did_you_mean(word, names));
  return usage("'" + word + "' is no command of bolide " + path() + did_you_mean(word, names) +
               "; there are: " + joined(names));
}

Result<> Parser::take_word(const std::string& word) {
  // What people try first on a program they do not know.
  if (at_ == 1 && (word == "--version" || word == "-V")) return take_command("version");
  if (word.starts_with("--")) {
    const std::size_t mark = word.find('=');
    if (mark == word.npos) return take_option(word, {});
    return take_option(std::string_view(word).substr(0, mark), word.substr(mark + 1));
  }
  if (word.size() > 1 && word.front() == '-') return take_letters(word);
  if (!is_leaf()) return take_command(word);
  positionals_.push_back(word);
  return {};
}

Result<> Parser::place_positionals(Arguments* arguments) const {
  std::size_t next = 0;
  for (const OptionRow& row : command_->options) {
    if (!row.positional()) continue;
    const std::size_t end =
        row.many ? positionals_.size() : std::min(next + 1, positionals_.size());
    if (next == end && row.required)
      return usage("bolide " + path() + " wants " + std::string(row.names) + ": " +
                   std::string(row.doc));
    for (; next < end; ++next) {
      BOLIDE_CHECK(check_value(row, positionals_[next]));
      arguments->add(row, positionals_[next]);
    }
  }
  if (next < positionals_.size())
    return usage("'" + positionals_[next] + "' is more than bolide " + path() + " takes");
  return {};
}

Result<Arguments> Parser::parse() {
  while (at_ < words_.size()) {
    const std::string& word = words_[at_++];
    if (word == "--") break;
    BOLIDE_CHECK(take_word(word));
  }
  positionals_.insert(positionals_.end(), words_.begin() + static_cast<std::ptrdiff_t>(at_),
                      words_.end());
  static constexpr CommandRow nothing{.path = "", .doc = ""};
  Arguments arguments(command_ == nullptr ? &nothing : command_);
  arguments.help = help_ || command_ == nullptr;
  for (const Given& one : given_) arguments.add(*one.option, one.value);
  if (arguments.help) return arguments;
  // Some may have come before the command was known.
  for (const Given& one : given_) {
    if (is_leaf() && !command_->connects && is_of_connections(*one.option))
      return unknown_option(one.option->key());
  }
  if (!is_leaf())
    return usage("'" + path() + "' is followed by one of: " + joined(names_below(path())));
  BOLIDE_CHECK(place_positionals(&arguments));
  for (const OptionRow& row : command_->options) {
    if (row.required && !row.positional() && !arguments.has(row.key()))
      return usage("bolide " + path() + " wants " + std::string(row.key()) + ": " +
                   std::string(row.doc));
  }
  return arguments;
}

}  // namespace

const OptionRow* find_option(const CommandRow* command, std::string_view name) {
  const auto in = [&](std::span<const OptionRow> rows) -> const OptionRow* {
    for (const OptionRow& row : rows) {
      const auto names = split(row.names, ',');
      if (!row.positional() && std::ranges::find(names, name) != names.end()) return &row;
    }
    return nullptr;
  };
  if (command != nullptr) {
    if (const OptionRow* const own = in(command->options)) return own;
  }
  const OptionRow* const general = in(general_options());
  return general != nullptr ? general : in(connection_options());
}

Result<Arguments> parse_arguments(const std::vector<std::string>& words) {
  Parser parser(words);
  auto arguments = parser.parse();
  if (!arguments) point_to_help(parser.path(), &arguments.error());
  return arguments;
}

void point_to_help(std::string_view path, Error* error) {
  if (error->code != Errc::usage || !error->own_fix.empty() || path.empty()) return;
  error->own_fix = "see: bolide help " + std::string(path);
}

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  constexpr std::array<Unit, 5> units = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == text.npos || digits == 0) return std::nullopt;
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  const auto count = parse_integer<std::uint32_t>(text.substr(0, digits));
  if (unit == units.end() || !count) return std::nullopt;
  return unit->ms * static_cast<std::int64_t>(*count);
}

Result<std::pair<std::string, std::string>> parse_pair(std::string_view option,
                                                       const std::string& text) {
  const std::size_t mark = text.find('=');
  if (mark == std::string::npos || mark == 0 || mark + 1 == text.size())
    return usage(std::string(option) + ": '" + text + "' is not NAME=VALUE");
  return std::pair(text.substr(0, mark), text.substr(mark + 1));
}

}  // namespace bolide::app
