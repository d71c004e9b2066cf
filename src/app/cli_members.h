// SPDX-License-Identifier: Apache-2.0
//
// The members of a group as commands show them.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/admin_types.h>

#include "app/doc.h"

#include <string>

namespace bolide::app {

Doc members_doc(const GroupMembers& members);
std::string members_text(const Doc& members);
// "id", "address", "language", "version" at the end of `doc`.
void add_client(const ClientInfo& client, Doc* doc);

}  // namespace bolide::app
