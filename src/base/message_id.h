// SPDX-License-Identifier: Apache-2.0
//
// The id of a message by its place (rocketmq wire 1.13): the broker's address and the position in
// its log, in hexadecimal digits.
// Runs on: any agent.  Owns: nothing.  Invariant: a good id is written and read without allocation.
#pragma once

#include <bolide/host.h>

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bolide {

class MessageId {
 public:
  MessageId(const Host& host, std::int64_t position);
  // Lives as long as this.
  std::string_view view() const { return {text_, size_}; }

 private:
  static constexpr std::size_t bytes_max = 56;

  char text_[bytes_max];
  std::size_t size_;
};

struct MessagePlace {
  Host store_host;
  std::int64_t position = 0;
};

// The opposite of MessageId. Errors: invalid_argument.
Result<MessagePlace> parse_message_id(std::string_view id);

}  // namespace bolide
