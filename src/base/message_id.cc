// SPDX-License-Identifier: Apache-2.0
//
// Message ids by place.
// Runs on: any agent.  Owns: nothing.  Invariant: see message_id.h.
#include "base/message_id.h"

#include "base/strings.h"

namespace bolide {

MessageId::MessageId(const Host& host, std::int64_t position) {
  char* at = text_;
  for (std::size_t i = 0; i < host.size; ++i, at += 2) put_hex(at, host.bytes[i], 2);
  put_hex(at, host.port, 8);
  put_hex(at + 8, static_cast<std::uint64_t>(position), 16);
  size_ = static_cast<std::size_t>(at + 24 - text_);
}

}  // namespace bolide
