// SPDX-License-Identifier: Apache-2.0
//
// The settings of one server: a value and its origin for every row of the option table.
// Runs on: made by the composition root, read by any agent.  Owns: the values.
// Invariant: every value obeys its row; what is not set has the row's default.
#pragma once

#include "base/result.h"
#include "table/option_rows.h"
#include "table/option_value.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::table {

// Where a value comes from; later ones win.
struct Origin {
  enum class Kind : std::uint8_t { by_default, environment_of_rocketmq, file, environment, flag };
  Kind kind = Kind::by_default;
  std::string place;  // file:line or the variable's name

  // "default", "broker.conf:12", "environment BOLIDE_BROKER_LISTEN", "--set".
  std::string text() const;
};

class Options {
 public:
  Options();  // all defaults

  // The value; the option must be of a matching type (asserted). References live with the Options.
  bool boolean(Opt opt) const;
  std::int64_t integer(Opt opt) const;     // integer, size (bytes), duration (the unit in the name)
  const std::string& text(Opt opt) const;  // name, text, choice, address, host
  const std::vector<std::string>& list(Opt opt) const;  // choices, addresses
  // The chosen one as an enumerator; Enum lists them in the order of the row's `choices`.
  template <class Enum>
  Enum choice(Opt opt) const {
    return static_cast<Enum>(choice_index(opt));
  }

  const OptionValue& value(Opt opt) const { return slot(opt).value; }
  const Origin& origin(Opt opt) const { return slot(opt).origin; }
  bool is_default(Opt opt) const { return origin(opt).kind == Origin::Kind::by_default; }
  // As text for people and files; a secret that is set shows as "***".
  std::string shown(Opt opt) const;

  // Errors: config; the context says what was expected (see parse_option_value).
  Result<> set(Opt opt, std::string_view text, Origin origin);
  void reset(Opt opt);  // to its default

  // Sentences for the log: keys without effect, doubtful combinations.
  const std::vector<std::string>& warnings() const { return warnings_; }
  void warn(std::string sentence) { warnings_.push_back(std::move(sentence)); }

 private:
  struct Slot {
    OptionValue value;
    Origin origin;
  };
  const Slot& slot(Opt opt) const;
  std::size_t choice_index(Opt opt) const;

  std::array<Slot, option_count> slots_;
  std::vector<std::string> warnings_;
};

struct LoadRequest {
  std::string config_path;        // TOML or RocketMQ's key=value; empty: no file
  std::vector<std::string> sets;  // KEY=VALUE of --set, in order
  std::map<std::string, std::string> environment;
  std::function<Result<std::string>(const std::string& path)> read_file;
};

// --set over environment over file over default. Errors: config, one line of context per mistake,
// each with its place, key, value and what was expected; what read_file returned.
Result<Options> load_options(const LoadRequest& request);

// Appends to `problems` what is wrong with a combination of values, and warns of what is doubtful.
void check_options(Options& options, std::vector<std::string>& problems);

}  // namespace bolide::table
