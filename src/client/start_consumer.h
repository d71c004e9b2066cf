// SPDX-License-Identifier: Apache-2.0
//
// What every consumer does to start, once its options are known to be good.
// Runs on: the caller's thread, not the client's agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/client.h>

#include "client/core.h"
#include "client/filters.h"
#include "client/names.h"

#include <memory>
#include <string>
#include <utility>

namespace bolide::client {

// Puts group and topics into the client's name space, has brokers read the filters, and starts a
// MemberCore with the options. Errors: as check_filters() and MemberCore::start().
template <class MemberCore, class Options>
Result<std::shared_ptr<MemberCore>> start_consumer(const Client& client, Options options) {
  const std::string& space = client.core()->settings().name_space;
  options.group = wrap(space, options.group);
  options.subscriptions = wrap_topics(space, options.subscriptions);
  BOLIDE_CHECK(check_filters(client.core(), options.group, options.subscriptions));
  auto core = std::make_shared<MemberCore>(client.core(), std::move(options));
  BOLIDE_CHECK(core->start());
  return core;
}

}  // namespace bolide::client
