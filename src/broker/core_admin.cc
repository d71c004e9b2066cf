// SPDX-License-Identifier: Apache-2.0
//
// The core's calls of administrators: topics, groups and how far consumers are.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"

#include <algorithm>
#include <set>

namespace bolide::broker {

void Core::put_topic(const Identity&, const TopicConfig& config, std::string_view attribute_changes,
                     Reply<void> reply) {
  auto put = topics_.put(config, attribute_changes, now().wall_ms);
  if (put) lite_->topic_changed(config.name);
  reply(std::move(put));
}

void Core::put_static_topic(const Identity&, const TopicConfig& config, const TopicMapping& mapping,
                            bool force, Reply<void> reply) {
  if (auto done = topics_.put_static(config, mapping, force, now().wall_ms); !done)
    return reply(std::move(done));
  // Whoever waits in a queue that has moved asks again, where it is now.
  for (const store::QueueNo queue : topics_.find(config.name)->queues)
    puller_.answer_waiting(queue);
  settling_.push_back({.position = store_.stats().max_position, .reply = std::move(reply)});
  reply_when_safe();
}

void Core::topic_mapping(const Identity&, std::string_view topic,
                         Reply<std::optional<TopicMapping>> reply) {
  const Topic* found = topics_.find(topic);
  if (found == nullptr || found->mapping == nullptr) return reply(std::nullopt);
  reply(*found->mapping);
}

void Core::delete_topic(const Identity&, std::string_view topic, Reply<void> reply) {
  auto erased = topics_.erase(topic, now().wall_ms);
  if (erased) {
    compactor_->erase_topic(topic);
    leases_->erase_topic(topic);
    offsets_.erase_topic(topic);
    dedupe_->forget(topic);
    lite_->topic_changed(topic);
  }
  reply(std::move(erased));
}

void Core::topic(const Identity&, std::string_view topic, Reply<TopicConfig> reply) {
  const Topic* found = topics_.find(topic);
  if (found == nullptr) {
    return reply(
        fail(Errc::topic_not_found, "No topic in this broker. topic: " + std::string(topic)));
  }
  reply(found->config);
}

void Core::all_topics(const Identity&, Reply<TopicTable> reply) {
  TopicTable table{.topics = {}, .version = topics_.version()};
  for (const auto& [name, topic] : topics_.all()) table.topics.push_back(topic.config);
  std::ranges::sort(table.topics, {}, &TopicConfig::name);
  table.mappings = topics_.mappings();
  reply(std::move(table));
}

void Core::topic_ranges(const Identity&, std::string_view topic,
                        Reply<std::map<std::int32_t, QueueRange>> reply) {
  const Topic* found = topics_.find(topic);
  if (found == nullptr) {
    return reply(fail(Errc::topic_not_found,
                      "topic[" + std::string(topic) + "] not exist, apply first please!"));
  }
  std::map<std::int32_t, QueueRange> ranges;
  for (std::int32_t id = 0; id < found->config.write_queues; ++id) {
    const store::QueueNo queue = found->queues[static_cast<std::size_t>(id)];
    QueueRange range{.min_offset = reader().first_offset(queue), .max_offset = visible_.end(queue)};
    if (range.max_offset > range.min_offset) {
      range.last_update_ms = reader().store_time(queue, range.max_offset - 1).value_or(0);
    }
    ranges[id] = range;
  }
  reply(std::move(ranges));
}

void Core::put_group(const Identity&, const GroupConfig& config, Reply<void> reply) {
  auto put = groups_.put(config, now().wall_ms);
  if (put) lite_->group_changed(config.name);
  reply(std::move(put));
}

void Core::delete_group(const Identity&, std::string_view group, bool clean_offsets,
                        Reply<void> reply) {
  auto erased = groups_.erase(group, now().wall_ms);
  if (erased) {
    leases_->erase_group(group);
    lite_->group_changed(group);
  }
  if (clean_offsets && (erased || erased.error().code == Errc::group_not_found)) {
    offsets_.erase_group(group);
    if (auto saved = offsets_.save_dirty(); !saved) erased = std::move(saved);
  }
  reply(std::move(erased));
}

void Core::group(const Identity&, std::string_view group, Reply<GroupConfig> reply) {
  auto found = groups_.find_or_create(group, now().wall_ms);
  if (!found) return reply(Failure(found.error()));
  reply(**found);
}

void Core::all_groups(const Identity&, Reply<GroupTable> reply) {
  GroupTable table{.groups = {}, .version = groups_.version()};
  for (const auto& [name, group] : groups_.all()) table.groups.push_back(group);
  std::ranges::sort(table.groups, {}, &GroupConfig::name);
  reply(std::move(table));
}

void Core::add_progress(std::string_view group, const Topic& topic, GroupProgress* progress) {
  for (std::int32_t id = 0; id < topic.config.read_queues; ++id) {
    const store::QueueNo queue = topic.queues[static_cast<std::size_t>(id)];
    // Of a queue of a static topic an older one may have the offset, so 0 would be wrong.
    const std::int64_t absent = topic.mapping == nullptr ? 0 : -1;
    const std::int64_t committed = offsets_.find(group, topic.config.name, id).value_or(absent);
    QueueProgress line{.topic = topic.config.name,
                       .queue_id = id,
                       .broker_offset = visible_.end(queue),
                       .consumer_offset = committed,
                       .pull_offset = offsets_.pulled_offset(group, topic.config.name, id)};
    if (committed > 0)
      line.last_timestamp_ms = reader().store_time(queue, committed - 1).value_or(0);
    progress->queues.push_back(std::move(line));
  }
}

void Core::group_progress(const Identity&, std::string_view group,
                          const std::vector<std::string>& topics, Reply<GroupProgress> reply) {
  std::set<std::string> names(topics.begin(), topics.end());
  const Clients::ConsumerGroup* online = clients_.find(group);
  if (names.empty()) {
    for (const std::string& topic : offsets_.topics_of(group)) names.insert(topic);
    if (online != nullptr) {
      for (const auto& [topic, filter] : online->filters) names.insert(topic);
    }
  }
  GroupProgress progress;
  for (const std::string& name : names) {
    if (const Topic* topic = topics_.find(name); topic != nullptr) {
      add_progress(group, *topic, &progress);
    }
  }
  reply(std::move(progress));
}

void Core::groups_of_topic(const Identity&, std::string_view topic,
                           Reply<std::vector<std::string>> reply) {
  std::set<std::string> names;
  for (std::string& group : clients_.groups_of_topic(topic)) names.insert(std::move(group));
  for (std::string& group : offsets_.groups_of(topic)) names.insert(std::move(group));
  reply(std::vector<std::string>(names.begin(), names.end()));
}

void Core::topics_of_group(const Identity&, std::string_view group,
                           Reply<std::vector<std::string>> reply) {
  reply(offsets_.topics_of(group));
}

void Core::consume_spans(const Identity&, std::string_view topic, std::string_view group,
                         Reply<std::vector<ConsumeSpan>> reply) {
  const Topic* found = topics_.find(topic);
  if (found == nullptr) {
    return reply(fail(Errc::topic_not_found,
                      "topic[" + std::string(topic) + "] not exist, apply first please!"));
  }
  std::vector<ConsumeSpan> spans;
  for (std::int32_t id = 0; id < found->config.write_queues; ++id) {
    const store::QueueNo queue = found->queues[static_cast<std::size_t>(id)];
    const std::int64_t max = visible_.end(queue);
    const std::int64_t committed = offsets_.find(group, topic, id).value_or(0);
    ConsumeSpan span{.queue_id = id};
    span.min_store_ms = earliest_store_ms(queue);
    span.max_store_ms = reader().store_time(queue, max - 1).value_or(-1);
    span.consumed_store_ms =
        committed > 0 ? reader().store_time(queue, committed - 1).value_or(-1) : span.min_store_ms;
    if (committed < max) {
      span.delay_ms = now().wall_ms - reader().store_time(queue, committed).value_or(now().wall_ms);
    }
    spans.push_back(span);
  }
  reply(std::move(spans));
}

}  // namespace bolide::broker
