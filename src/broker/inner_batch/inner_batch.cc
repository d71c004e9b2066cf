// SPDX-License-Identifier: Apache-2.0
//
// Batches as one record.
// Runs on: core agent.  Owns: nothing.  Invariant: see inner_batch.h.
#include "broker/inner_batch/inner_batch.h"

#include "broker/compaction/compaction.h"
#include "broker/property_list.h"

namespace bolide::broker {

bool takes_inner_batches(const TopicConfig& topic, std::string_view properties) {
  if (topic.attributes.empty()) return false;
  const auto type = topic.attributes.find("queue.type");
  // Of a compacted topic each message must be seen with its key.
  return type != topic.attributes.end() && type->second == "BatchCQ" && !is_compacted(topic) &&
         !store::find_property(properties, "UNIQ_KEY").empty();
}

Result<std::string> inner_batch_properties(std::string_view properties, std::string_view cluster,
                                           std::int64_t count, std::int64_t first_offset) {
  if (count > store::inner_count_max) {
    return fail(Errc::message_invalid, "a batch of " + std::to_string(count) +
                                           " messages; one record holds " +
                                           std::to_string(store::inner_count_max));
  }
  PropertyList list(properties);
  list.set("CLUSTER", cluster);
  list.set(store::inner_count_property, count);
  list.set(store::inner_base_property, first_offset);
  return list.text();
}

std::vector<BatchElement> elements_of(const store::Record& record) {
  constexpr std::int32_t flags = store::sys_flag::need_unwrap | store::sys_flag::inner_batch;
  std::vector<BatchElement> elements;
  if ((record.sys_flag & flags) != flags) return elements;
  for (ByteReader in(record.body); in.remaining() > 0;) {
    if (!read_element(in, &elements.emplace_back())) return {};
  }
  return elements;
}

store::Record single_of(const store::Record& batch, const BatchElement& element) {
  store::Record single = batch;
  single.sys_flag &= ~(store::sys_flag::need_unwrap | store::sys_flag::inner_batch);
  single.flag = element.flag;
  single.body = element.body;
  single.properties = element.properties;
  return single;
}

}  // namespace bolide::broker
