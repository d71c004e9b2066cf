// SPDX-License-Identifier: Apache-2.0
//
// The public Client.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include <bolide/client.h>

#include "client/core.h"
#include "client/status.h"

namespace bolide {

StatusOr<Client> Client::open(ClientOptions options) {
  auto core = client::Core::open(options);
  if (!core) return client::to_status(core.error());
  return Client(std::move(*core));
}

const std::string& Client::id() const {
  return core_->settings().id;
}

}  // namespace bolide
