// SPDX-License-Identifier: Apache-2.0
//
// What may stand at the end of a command line.
// Runs on: the main thread.  Owns: nothing.  Invariant: see complete.h.
#include "app/complete.h"

#include "app/arguments.h"
#include "base/strings.h"

#include <algorithm>

namespace bolide::app {
namespace {

// The words in front of the last, as far as they say what comes next.
struct Typed {
  const CommandRow* command = nullptr;
  const OptionRow* open = nullptr;  // its value comes next
  std::size_t positionals = 0;
  bool options_over = false;
  std::vector<std::pair<const OptionRow*, std::string>> connection;

  bool is_leaf() const { return command != nullptr && command->run != nullptr; }
  std::string_view path() const { return command == nullptr ? "" : command->path; }
  void take(const std::string& word);
  void take_option(const std::string& word);
  void give(const OptionRow& option, std::string value);
};

void Typed::give(const OptionRow& option, std::string value) {
  const auto rows = connection_options();
  if (&option >= rows.data() && &option < rows.data() + rows.size())
    connection.emplace_back(&option, std::move(value));
}

void Typed::take_option(const std::string& word) {
  const std::size_t end = word.starts_with("--") ? word.find('=') : 2;
  const OptionRow* const option = find_option(command, word.substr(0, end));
  if (option == nullptr || option->takes == Takes::flag) return;
  if (end >= word.size()) {
    open = option;
  } else {
    give(*option, word.substr(end + (word.starts_with("--") ? 1 : 0)));
  }
}

void Typed::take(const std::string& word) {
  if (open != nullptr) return give(*std::exchange(open, nullptr), word);
  if (options_over || word.size() < 2 || word.front() != '-') {
    const CommandRow* const below =
        is_leaf() ? nullptr
                  : find_command(command == nullptr ? word : std::string(path()) + " " + word);
    if (below != nullptr) {
      command = below;
    } else {
      ++positionals;
    }
  } else if (word == "--") {
    options_over = true;
  } else {
    take_option(word);
  }
}

class Offer {
 public:
  explicit Offer(Completion* out) : out_(*out) {}

  void add(std::string_view word, std::string_view doc) {
    if (word.starts_with(out_.typed))
      out_.candidates.push_back({out_.prefix + std::string(word), doc});
  }
  void add_options(std::span<const OptionRow> rows) {
    for (const OptionRow& row : rows) {
      if (row.positional()) continue;
      for (const std::string_view name : split(row.names, ',')) {
        // One letter has a longer name, which says more.
        if (name.starts_with("--") || out_.typed.size() == 2) add(name, row.doc);
      }
    }
  }
  void add_values(const OptionRow& row) {
    if (row.takes == Takes::choice) {
      for (const std::string_view choice : choices_of(row)) add(choice, "");
    } else if (row.takes == Takes::topic || row.takes == Takes::group ||
               row.takes == Takes::context) {
      out_.names = row.takes;
    }
  }

 private:
  Completion& out_;
};

// The positional that a word would be; null: there is none left.
const OptionRow* positional_at(const CommandRow& command, std::size_t place) {
  const OptionRow* last = nullptr;
  for (const OptionRow& row : command.options) {
    if (!row.positional()) continue;
    if (place-- == 0 || row.many) return &row;
    last = &row;
  }
  return last != nullptr && last->many ? last : nullptr;
}

}  // namespace

Completion complete(const std::vector<std::string>& words) {
  Typed before;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) before.take(words[i]);
  Completion out;
  if (!words.empty()) out.typed = words.back();
  Offer offer(&out);
  if (before.open == nullptr && !before.options_over && out.typed.starts_with("--")) {
    if (const std::size_t mark = out.typed.find('='); mark != std::string::npos) {
      before.open = find_option(before.command, out.typed.substr(0, mark));
      if (before.open == nullptr) return out;
      out.prefix = out.typed.substr(0, mark + 1);
      out.typed.erase(0, mark + 1);
    }
  }
  out.connection = before.connection;
  if (before.open != nullptr) {
    offer.add_values(*before.open);
  } else if (!before.options_over && out.typed.starts_with("-")) {
    if (before.command != nullptr) offer.add_options(before.command->options);
    offer.add_options(general_options());
    if (before.command == nullptr || before.command->connects)
      offer.add_options(connection_options());
  } else if (!before.is_leaf()) {
    for (const CommandRow* const child : commands_below(before.path()))
      offer.add(last_word(child->path), child->doc);
  } else if (const OptionRow* row = positional_at(*before.command, before.positionals)) {
    offer.add_values(*row);
  }
  return out;
}

}  // namespace bolide::app
