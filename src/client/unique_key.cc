// SPDX-License-Identifier: Apache-2.0
//
// Ids of messages as RocketMQ's clients make them.
// Runs on: one thread.  Owns: the counter.  Invariant: see unique_key.h.
#include "client/unique_key.h"

#include "base/cursor.h"
#include "base/random.h"
#include "base/strings.h"
#include "os/process.h"

#include <arpa/inet.h>

#include <ctime>

namespace bolide::client {
namespace {

// The first day of the month, 00:00 local time.
WallMs month_start(WallMs now_ms) {
  const std::time_t now = now_ms / 1000;
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::tm start{};
  start.tm_year = parts.tm_year;
  start.tm_mon = parts.tm_mon;
  start.tm_mday = 1;
  start.tm_isdst = -1;
  return static_cast<WallMs>(std::mktime(&start)) * 1000;
}

}  // namespace

UniqueKeys::Origin UniqueKeys::own_origin(const Now& now) {
  Origin origin;
  in_addr address{};
  if (::inet_pton(AF_INET, os::local_ipv4().c_str(), &address) == 1)
    origin.address = ntohl(address.s_addr);
  origin.process = static_cast<std::uint16_t>(os::process_id());
  Random random(static_cast<std::uint64_t>(now.wall_ms * 1'000'003 + now.steady_ns));
  origin.seed = static_cast<std::uint32_t>(random.next());
  return origin;
}

std::string UniqueKeys::next(WallMs now_ms) {
  std::string key(32, '0');
  put_hex(&key[0], origin_.address, 8);
  put_hex(&key[8], origin_.process, 4);
  put_hex(&key[12], origin_.seed, 8);
  put_hex(&key[20], static_cast<std::uint32_t>(now_ms - month_start(now_ms)), 8);
  put_hex(&key[28], counter_++, 4);
  return key;
}

}  // namespace bolide::client
