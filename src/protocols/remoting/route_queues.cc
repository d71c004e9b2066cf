// SPDX-License-Identifier: Apache-2.0
//
// The queues in a topic's route.
// Runs on: any agent.  Owns: nothing.  Invariant: see route_queues.h.
#include "protocols/remoting/route_queues.h"

#include "base/json_reader.h"

#include <algorithm>
#include <string>

namespace bolide::remoting {

Result<std::vector<broker::QueueRef>> parse_route_queues(std::string_view body,
                                                         std::string_view topic) {
  std::vector<broker::QueueRef> queues;
  JsonReader in(body);
  const auto read_broker = [&] {
    std::string name;
    std::int32_t count = 0;
    std::int32_t permission = 0;
    in.object([&](JsonKey key) {
      if (key == "brokerName")
        name = in.text();
      else if (key == "readQueueNums")
        count = in.integer<std::int32_t>();
      else if (key == "perm")
        permission = in.integer<std::int32_t>();
    });
    if ((permission & broker::perm::read) == 0) return;
    for (std::int32_t id = 0; id < std::min(count, broker::queues_max); ++id)
      queues.push_back({.topic = std::string(topic), .broker = name, .queue_id = id});
  };
  in.object([&](JsonKey key) {
    if (key == "queueDatas") in.array(read_broker);
  });
  BOLIDE_CHECK(in.finish());
  return queues;
}

}  // namespace bolide::remoting
