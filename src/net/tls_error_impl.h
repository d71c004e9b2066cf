// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's error queue as text.
// Runs on: any agent (the queue is the thread's).  Owns: nothing.  Invariant: -
#pragma once

#include <string>

namespace bolide::net {

// Drops what is in the queue: done before a call whose error will be asked for.
void clear_tls_errors();
// The reasons in the queue, oldest first, and empties it.
std::string take_tls_errors();

}  // namespace bolide::net
