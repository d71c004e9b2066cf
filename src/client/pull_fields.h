// SPDX-License-Identifier: Apache-2.0
//
// PullFields: the header of a pull (rocketmq 3.4), of consumers, readers and operators.
// Runs on: any thread.  Owns: the digits of its numbers.
// Invariant: what it was made of outlives it.
#pragma once

#include "base/strings.h"
#include "protocols/remoting/wire/header.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace bolide::client {

namespace pull_flag {
inline constexpr std::int32_t commit = 1;
inline constexpr std::int32_t suspend = 2;
inline constexpr std::int32_t subscription = 4;
inline constexpr std::int32_t lite = 16;
}  // namespace pull_flag

struct Pull {
  std::string_view group;
  std::string_view topic;
  std::string_view broker;
  std::int32_t queue = 0;
  std::int64_t offset = 0;
  std::int32_t count_max = 32;
  std::int32_t flags = 0;
  std::int64_t commit_offset = 0;  // with the flag
  std::int64_t suspend_ms = 0;     // with the flag
  std::string_view subscription;   // with the flag
  std::string_view expression_type = "TAG";
  std::int64_t version = 0;  // of the subscription
};

class PullFields {
 public:
  explicit PullFields(const Pull& pull)
      : numbers_{DecimalText(pull.queue),         DecimalText(pull.offset),
                 DecimalText(pull.count_max),     DecimalText(pull.flags),
                 DecimalText(pull.commit_offset), DecimalText(pull.suspend_ms),
                 DecimalText(pull.version)},
        fields_{{{"consumerGroup", pull.group},
                 {"topic", pull.topic},
                 {"queueId", numbers_[0].view()},
                 {"queueOffset", numbers_[1].view()},
                 {"maxMsgNums", numbers_[2].view()},
                 {"sysFlag", numbers_[3].view()},
                 {"commitOffset", numbers_[4].view()},
                 {"suspendTimeoutMillis", numbers_[5].view()},
                 {"subscription", pull.subscription},
                 {"subVersion", numbers_[6].view()},
                 {"expressionType", pull.expression_type},
                 {"brokerName", pull.broker}}} {}
  PullFields(const PullFields&) = delete;
  PullFields& operator=(const PullFields&) = delete;

  // Live as long as this.
  std::span<const remoting::ExtField> fields() const { return fields_; }

 private:
  const std::array<DecimalText, 7> numbers_;
  const std::array<remoting::ExtField, 12> fields_;
};

}  // namespace bolide::client
