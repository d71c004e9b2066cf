// SPDX-License-Identifier: Apache-2.0
//
// Conversions of RocketMQ's configuration values.
// Runs on: any agent.  Owns: nothing.  Invariant: see rocketmq_convert.h.
#include "table/rocketmq_convert.h"

#include "base/strings.h"

#include <fmt/format.h>

#include <cstdint>

namespace bolide::table::rocketmq_convert {

Result<std::string> same(std::string_view value, std::string_view /*current*/) {
  return std::string(value);
}

Result<std::string> port(std::string_view value, std::string_view current) {
  if (!parse_integer<std::uint16_t>(value)) return fail(Errc::config, "expects a port, 0 to 65535");
  return fmt::format("{}:{}", current.substr(0, current.rfind(':')), value);
}

Result<std::string> host(std::string_view value, std::string_view current) {
  const bool bare_v6 = value.find(':') != std::string_view::npos && !value.starts_with('[');
  return fmt::format(fmt::runtime(bare_v6 ? "[{}]{}" : "{}{}"), value,
                     current.substr(current.rfind(':')));
}

Result<std::string> bare_host(std::string_view value, std::string_view /*current*/) {
  const std::size_t colon = value.find(':');
  if (colon != std::string_view::npos && value.find(':', colon + 1) == std::string_view::npos) {
    return fail(Errc::config, "expects an address without a port");
  }
  return std::string(value);
}

Result<std::string> flush_disk_type(std::string_view value, std::string_view /*current*/) {
  if (value == "ASYNC_FLUSH") return "async";
  if (value == "SYNC_FLUSH") return "sync";
  return fail(Errc::config, "expects ASYNC_FLUSH or SYNC_FLUSH");
}

Result<std::string> use_tls(std::string_view value, std::string_view /*current*/) {
  if (value == "true") return "always";
  if (value == "false") return "never";
  return fail(Errc::config, "expects true or false");
}

Result<std::string> seconds(std::string_view value, std::string_view /*current*/) {
  if (!parse_integer<std::int64_t>(value)) {
    return fail(Errc::config, "expects a whole number of seconds");
  }
  return fmt::format("{}s", value);
}

}  // namespace bolide::table::rocketmq_convert
