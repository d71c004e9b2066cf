// SPDX-License-Identifier: Apache-2.0
//
// The signature by which servers with access control know their clients (rocketmq 3.27; versions
// 1.0 and 2.0 of access control sign alike).
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"
#include "protocols/remoting/wire/header.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string security_token;  // may be empty

  bool empty() const { return access_key.empty(); }
};

// Base64 of HMAC-SHA1 over the values of `fields` (sorted by their names as Java sorts them) and
// the body.
std::string signature_of(std::string_view secret_key, std::span<const remoting::ExtField> fields,
                         std::string_view body);

// Adds AccessKey, SecurityToken and Signature to a request. What the added fields view lives in
// `credentials` and `*memory`.
void sign(const Credentials& credentials, std::string_view body,
          std::vector<remoting::ExtField>* fields, std::string* memory);

}  // namespace bolide::client
