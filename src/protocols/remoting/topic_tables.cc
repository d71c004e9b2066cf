// SPDX-License-Identifier: Apache-2.0
//
// The broker's topics for others.
// Runs on: any agent.  Owns: nothing.  Invariant: see topic_tables.h.
#include "protocols/remoting/topic_tables.h"

#include <utility>

namespace bolide::remoting {

naming::TopicTable topic_table(broker::TopicTable all, bool details) {
  naming::TopicTable table;
  table.version = all.version;
  table.mapping_version = all.version;  // a change of one is a change of both
  table.topics = std::move(all.topics);
  for (const broker::TopicMapping& mapping : all.mappings) {
    table.mappings[mapping.topic] = {.topic = mapping.topic,
                                     .scope = mapping.scope,
                                     .total_queues = mapping.total_queues,
                                     .broker_name = mapping.broker,
                                     .epoch = mapping.epoch,
                                     .dirty = mapping.dirty,
                                     .current_ids = broker::led_queues(mapping)};
    if (details) table.mapping_details[mapping.topic] = broker::mapping_json(mapping);
  }
  return table;
}

}  // namespace bolide::remoting
