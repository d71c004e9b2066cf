// SPDX-License-Identifier: Apache-2.0
//
// The broker's topics in the form that name servers and other brokers are told them.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "broker/api.h"
#include "naming/model.h"

namespace bolide::remoting {

// Of static topics with which queues this broker leads. `details`: with the whole mappings too,
// which a registration does not carry.
naming::TopicTable topic_table(broker::TopicTable all, bool details);

}  // namespace bolide::remoting
