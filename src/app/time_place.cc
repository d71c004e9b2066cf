// SPDX-License-Identifier: Apache-2.0
//
// The place in time that people write on a command line.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/time_place.h"

#include "base/strings.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace bolide::app {
namespace {

constexpr std::size_t second_digits_max = 10;

// Takes digits and checks marks off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}

  int digits(std::size_t count) {
    const auto value = left_.size() < count || left_.front() == '-'
                           ? std::nullopt
                           : parse_integer<int>(left_.substr(0, count));
    good_ = good_ && value.has_value();
    left_.remove_prefix(std::min(count, left_.size()));
    return value.value_or(0);
  }
  bool accept(char mark) {
    if (left_.empty() || left_.front() != mark) return false;
    left_.remove_prefix(1);
    return true;
  }
  void expect(char mark) { good_ = accept(mark) && good_; }
  bool finished() const { return good_ && left_.empty(); }
  bool empty() const { return left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

std::optional<WallMs> parse_calendar(std::string_view text) {
  using namespace std::chrono;
  Scanner in(text);
  const int y = in.digits(4);
  in.expect('-');
  const int m = in.digits(2);
  in.expect('-');
  const int d = in.digits(2);
  int hour = 0;
  int minute = 0;
  int second = 0;
  int zone_minutes = 0;
  if (!in.empty()) {
    if (!in.accept(' ')) in.expect('T');
    hour = in.digits(2);
    in.expect(':');
    minute = in.digits(2);
    if (in.accept(':')) second = in.digits(2);
    const int sign = in.accept('+') ? 1 : in.accept('-') ? -1 : 0;
    if (sign != 0) {
      zone_minutes = in.digits(2) * 60;
      in.accept(':');
      zone_minutes = sign * (zone_minutes + in.digits(2));
    } else {
      in.accept('Z');
    }
  }
  const year_month_day date(year{y}, month{static_cast<unsigned>(m)},
                            day{static_cast<unsigned>(d)});
  if (!in.finished() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto point =
      sys_days(date) + hours(hour) + minutes(minute - zone_minutes) + seconds(second);
  return duration_cast<milliseconds>(point.time_since_epoch()).count();
}

std::optional<WallMs> parse_ago(std::string_view text, WallMs now_ms) {
  constexpr std::string_view units = "smhd";
  constexpr std::int64_t unit_ms[] = {1000, 60'000, 3'600'000, 86'400'000};
  if (text.empty()) return std::nullopt;
  const std::size_t unit = units.find(text.back());
  const auto count = parse_integer<std::uint32_t>(text.substr(0, text.size() - 1));
  if (unit == std::string_view::npos || !count) return std::nullopt;
  return std::max<WallMs>(0, now_ms - unit_ms[unit] * static_cast<std::int64_t>(*count));
}

}  // namespace

Result<WallMs> parse_time_place(std::string_view text, WallMs now_ms) {
  if (const auto number = parse_integer<std::int64_t>(text); number && *number >= 0)
    return text.size() <= second_digits_max && *number > 0 ? *number * 1000 : *number;
  if (const auto time = parse_ago(text, now_ms)) return *time;
  if (const auto time = parse_calendar(text)) return *time;
  return fail(Errc::usage, "'" + std::string(text) +
                               "' is no time: write 2026-01-31T12:00:00Z, milliseconds since 1970, "
                               "or 15m for a quarter of an hour ago");
}

}  // namespace bolide::app
