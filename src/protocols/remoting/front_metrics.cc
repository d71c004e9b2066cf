// SPDX-License-Identifier: Apache-2.0
//
// What a front end counts, for the page of metrics.
// Runs on: io agent.  Owns: nothing.  Invariant: see front.h.
#include "protocols/remoting/commands.h"
#include "protocols/remoting/front.h"

#include <array>

namespace bolide::remoting {
namespace {

using table::Metric;

constexpr std::array<std::string_view, static_cast<std::size_t>(Malformed::count)> reasons = {
    "length", "serialization", "header_length", "header"};

std::string_view name_of(std::int32_t code) {
  const Command* const command = find_command(code);
  return command == nullptr ? "unknown" : command->name;
}

}  // namespace

void Front::write_metrics(std::string_view role, table::MetricsText& out) const {
  out.put(Metric::requests, stats_.requests, {role});
  for (const auto& [code, count] : stats_.by_code)
    out.put(Metric::control_requests, count, {role, name_of(code)});
  for (const auto& [code, count] : stats_.unsupported_codes)
    out.put(Metric::unsupported_requests, count, {role, name_of(code)});
  for (std::size_t i = 0; i < reasons.size(); ++i)
    out.put(Metric::malformed_frames, stats_.malformed[i], {role, reasons[i]});
}

}  // namespace bolide::remoting
