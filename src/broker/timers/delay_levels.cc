// SPDX-License-Identifier: Apache-2.0
//
// Delay levels as text.
// Runs on: any agent.  Owns: nothing.  Invariant: see delay_levels.h.
#include "broker/timers/delay_levels.h"

#include "base/strings.h"

#include <string>

namespace bolide::broker {
namespace {

constexpr std::size_t levels_max = 64;
constexpr std::int64_t delay_ms_max = 100LL * 365 * 24 * 3600 * 1000;

std::int64_t unit_ms(char unit) {
  switch (unit) {
    case 's': return 1'000;
    case 'm': return 60'000;
    case 'h': return 3'600'000;
    case 'd': return 86'400'000;
    default: return 0;
  }
}

}  // namespace

Result<DelayLevels> DelayLevels::parse(std::string_view text) {
  DelayLevels levels;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    const std::int64_t unit = unit_ms(word.back());
    const auto count = parse_integer<std::int64_t>(word.substr(0, word.size() - 1));
    if (unit == 0 || !count || *count < 1 || *count > delay_ms_max / unit) {
      return fail(Errc::config, "delay level '" + std::string(word) +
                                    "': a number and one of s, m, h, d is wanted, like 30s");
    }
    levels.delays_ms_.push_back(*count * unit);
  }
  if (levels.delays_ms_.empty() || levels.delays_ms_.size() > levels_max) {
    return fail(Errc::config, "1 to " + std::to_string(levels_max) + " delay levels are wanted");
  }
  return levels;
}

}  // namespace bolide::broker
