// SPDX-License-Identifier: Apache-2.0
//
// The keys of Apache RocketMQ's broker.conf and namesrv.conf: which option each one sets, which
// have no effect here, and which ask for something that must not be ignored (rocketmq 7.2). Runs
// on: any agent.  Owns: constant data.  Invariant: a key stands here once per kind of file.
#pragma once

#include "base/result.h"
#include "table/option_rows.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bolide::table {

enum class RocketmqFile : std::uint8_t { any, broker, naming };

// The text for the option that RocketMQ's `value` means, given the option's text so far.
// Errors: config.
using RocketmqConvert = Result<std::string> (*)(std::string_view value, std::string_view current);

struct RocketmqKey {
  enum class Use : std::uint8_t {
    option,    // sets `opt` through `convert`
    ignored,   // accepted with a warning that says why; without one if it is `value`
    demanded,  // only `value` is accepted: anything else asks for what the server would not do
    place,     // a path that must be `value` inside server.data_dir
  };
  std::string_view key;
  RocketmqFile file;
  Use use;
  Opt opt;
  RocketmqConvert convert;
  std::string_view value;
  std::string_view reason;
};

std::span<const RocketmqKey> rocketmq_keys();

// The key in a file of this kind, or null; `any` finds it in either.
const RocketmqKey* find_rocketmq_key(std::string_view key, RocketmqFile file);

// The keys that set `opt`, comma-separated; empty if there are none.
std::string rocketmq_keys_of(Opt opt);

}  // namespace bolide::table
