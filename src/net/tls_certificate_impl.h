// SPDX-License-Identifier: Apache-2.0
//
// A certificate for servers that were given none.
// Runs on: any agent.  Owns: nothing.  Invariant: -
#pragma once

struct ssl_ctx_st;

namespace bolide::net {

// Makes an EC key and a certificate signed by itself, for localhost, and uses them.
void use_self_signed(ssl_ctx_st* context);

}  // namespace bolide::net
