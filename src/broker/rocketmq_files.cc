// SPDX-License-Identifier: Apache-2.0
//
// The config/*.json files of a RocketMQ store directory.
// Runs on: the main thread.  Owns: nothing.  Invariant: see rocketmq_files.h.
#include "broker/rocketmq_files.h"

#include "base/log.h"

#include <functional>
#include <map>

namespace bolide::broker {
namespace {

using Parse = std::function<Result<>(std::string_view json)>;

Result<> read_with_backup(os::FileSystem& fs, const std::string& path, const Parse& parse) {
  if (!fs.exists(path) && !fs.exists(path + ".bak")) return {};
  Result<> first = fail(Errc::not_found, path);
  for (const std::string& name : {path, path + ".bak"}) {
    if (!fs.exists(name)) continue;
    auto text = os::read_file(fs, name);
    if (!text) return Failure(std::move(text).error().in(name));
    if (text->empty()) continue;
    auto parsed = parse(*text);
    if (parsed) return {};
    BOLIDE_LOG(warning, "{} cannot be read: {}", name, parsed.error().message());
    first = fail(Errc::storage_corrupt, name + ": " + parsed.error().context);
  }
  if (first.error().code == Errc::not_found) return {};  // only empty files: a broker just made
  return first;
}

Result<> parse_topics(std::string_view json, StoredMetadata* into) {
  std::vector<TopicConfig> topics;
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key == "topicConfigTable") {
      in.object([&](JsonKey name) {
        TopicConfig& topic = topics.emplace_back();
        topic.name = name.text;
        read_topic(in, &topic);
      });
    } else if (key == "dataVersion")
      read_version(in, &into->topic_version);
  });
  BOLIDE_CHECK(in.finish());
  into->topics = std::move(topics);
  return {};
}

Result<> parse_groups(std::string_view json, StoredMetadata* into) {
  std::vector<GroupConfig> groups;
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key == "subscriptionGroupTable") {
      in.object([&](JsonKey name) {
        GroupConfig& group = groups.emplace_back();
        group.name = name.text;
        read_group(in, &group);
      });
    } else if (key == "dataVersion")
      read_version(in, &into->group_version);
  });
  BOLIDE_CHECK(in.finish());
  into->groups = std::move(groups);
  return {};
}

Result<> parse_offsets(std::string_view json, StoredMetadata* into) {
  std::vector<OffsetEntry> offsets;
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key != "offsetTable") return;
    in.object([&](JsonKey place) {
      const std::size_t at = place.text.find('@');
      const std::string topic(place.text.substr(0, at));
      const std::string group(at == place.text.npos ? "" : place.text.substr(at + 1));
      in.object([&](JsonKey queue) {
        const auto queue_id = queue.integer<std::int32_t>();
        const auto offset = in.integer<std::int64_t>();
        if (!queue_id || *queue_id < 0 || *queue_id > queues_max || group.empty()) return;
        offsets.push_back(
            {.topic = topic, .group = group, .queue_id = *queue_id, .offset = offset});
      });
    });
  });
  BOLIDE_CHECK(in.finish());
  into->offsets = std::move(offsets);
  return {};
}

Result<> write_file(os::FileSystem& fs, const std::string& path, const std::string& text) {
  if (fs.exists(path)) BOLIDE_CHECK(fs.rename(path, path + ".bak"));
  return os::replace_file(fs, path, text);
}

template <class Fill>
std::string pretty_table(const DataVersion& version, std::string_view name, Fill fill) {
  std::string text;
  JsonWriter out(text, {.pretty = true});
  out.begin_object();
  out.key("dataVersion");
  write_version(out, version);
  out.key(name);
  out.begin_object();
  fill(out);
  out.end_object();
  out.end_object();
  return text;
}

}  // namespace

Result<StoredMetadata> read_rocketmq_files(os::FileSystem& fs, const std::string& directory) {
  StoredMetadata all;
  const std::string config = directory + "/config/";
  BOLIDE_CHECK(read_with_backup(fs, config + "topics.json",
                                [&](std::string_view json) { return parse_topics(json, &all); }));
  BOLIDE_CHECK(read_with_backup(fs, config + "subscriptionGroup.json",
                                [&](std::string_view json) { return parse_groups(json, &all); }));
  BOLIDE_CHECK(read_with_backup(fs, config + "consumerOffset.json",
                                [&](std::string_view json) { return parse_offsets(json, &all); }));
  return all;
}

Result<> write_rocketmq_files(os::FileSystem& fs, const std::string& directory,
                              const StoredMetadata& all) {
  const std::string config = directory + "/config";
  BOLIDE_CHECK(fs.make_directories(config));
  BOLIDE_CHECK(write_file(fs, config + "/topics.json",
                          pretty_table(all.topic_version, "topicConfigTable", [&](JsonWriter& out) {
                            for (const TopicConfig& topic : all.topics) {
                              out.key(topic.name);
                              write_topic(out, topic);
                            }
                          })));
  BOLIDE_CHECK(
      write_file(fs, config + "/subscriptionGroup.json",
                 pretty_table(all.group_version, "subscriptionGroupTable", [&](JsonWriter& out) {
                   for (const GroupConfig& group : all.groups) {
                     out.key(group.name);
                     write_group(out, group);
                   }
                 })));
  std::map<std::string, std::map<std::int32_t, std::int64_t>> offsets;
  for (const OffsetEntry& entry : all.offsets) {
    offsets[entry.topic + "@" + entry.group][entry.queue_id] = entry.offset;
  }
  return write_file(fs, config + "/consumerOffset.json",
                    pretty_table({}, "offsetTable", [&](JsonWriter& out) {
                      for (const auto& [place, queues] : offsets) {
                        out.key(place);
                        out.begin_object();
                        for (const auto& [queue_id, offset] : queues) out.member(queue_id, offset);
                        out.end_object();
                      }
                    }));
}

}  // namespace bolide::broker
