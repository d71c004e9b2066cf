// SPDX-License-Identifier: Apache-2.0
//
// The config/*.json files of a RocketMQ store directory.
// Runs on: the main thread.  Owns: nothing.  Invariant: see rocketmq_files.h.
#include "broker/rocketmq_files.h"

#include "base/cursor.h"
#include "base/fields_json.h"
#include "broker/timers/timers.h"
#include "store/multi_dispatch.h"

#include "base/crc.h"
#include "base/log.h"
#include "base/strings.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace bolide::broker {
namespace {

// Groups named like a light queue may hold '@', as queues may.
constexpr std::string_view light_group_mark = "@%LMQ%";

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
      const std::size_t at = place.text.rfind('@');
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

// A broker with light queues keeps all offsets here instead: those of groups named like a light
// queue, which have one queue, in a table of their own.
Result<> parse_light_offsets(std::string_view json, StoredMetadata* into) {
  StoredMetadata theirs;
  BOLIDE_CHECK(parse_offsets(json, &theirs));
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key != "lmqOffsetTable") return;
    in.object([&](JsonKey place) {
      const std::size_t at = place.text.rfind(light_group_mark);
      if (at == place.text.npos) return;
      OffsetEntry entry{.topic = std::string(place.text.substr(0, at)),
                        .group = std::string(place.text.substr(at + 1))};
      entry.offset = in.integer<std::int64_t>();
      theirs.offsets.push_back(std::move(entry));
    });
  });
  BOLIDE_CHECK(in.finish());
  std::set<std::tuple<std::string, std::string, std::int32_t>> newer;
  for (const OffsetEntry& entry : theirs.offsets)
    newer.emplace(entry.topic, entry.group, entry.queue_id);
  std::erase_if(into->offsets, [&](const OffsetEntry& entry) {
    return newer.contains({entry.topic, entry.group, entry.queue_id});
  });
  into->offsets.insert(into->offsets.end(), theirs.offsets.begin(), theirs.offsets.end());
  return {};
}

// How far each delay level was delivered.
Result<> parse_delay_offsets(std::string_view json, StoredMetadata* into) {
  std::vector<OffsetEntry> offsets;
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key != "offsetTable") return;
    in.object([&](JsonKey level) {
      const auto number = level.integer<std::int32_t>();
      const auto offset = in.integer<std::int64_t>();
      if (!number || *number < 1 || *number > queues_max) return;
      offsets.push_back({.topic = std::string(schedule_topic),
                         .group = std::string(schedule_group),
                         .queue_id = *number - 1,
                         .offset = offset});
    });
  });
  BOLIDE_CHECK(in.finish());
  into->offsets.insert(into->offsets.end(), offsets.begin(), offsets.end());
  return {};
}

// By topic and group.
Result<> parse_modes(std::string_view json, StoredMetadata* into) {
  std::vector<RequestMode> modes;
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key != "messageRequestModeMap") return;
    in.object([&](JsonKey topic) {
      const std::string name(topic.text);
      in.object([&](JsonKey group) {
        RequestMode mode{.topic = name, .group = std::string(group.text)};
        read_mode(in, &mode);
        modes.push_back(std::move(mode));
      });
    });
  });
  BOLIDE_CHECK(in.finish());
  into->modes = std::move(modes);
  return {};
}

// Of static topics, how their queues lie.
Result<> parse_mappings(std::string_view json, StoredMetadata* into) {
  std::vector<TopicMapping> mappings;
  JsonReader in(json);
  in.object([&](JsonKey key) {
    if (key != "topicQueueMappingInfoMap") return;
    in.object([&](JsonKey name) {
      TopicMapping& mapping = mappings.emplace_back();
      mapping.topic = name.text;
      read_json(in, mapping);
    });
  });
  BOLIDE_CHECK(in.finish());
  into->mappings = std::move(mappings);
  return {};
}

// Members beside version and table, as they stand in the file: they are not ours to drop.
using Members = std::vector<std::pair<std::string, std::string>>;
Members other_members(os::FileSystem& fs, const std::string& path, std::string_view table) {
  Members members;
  const auto text = os::read_file(fs, path);
  if (!text) return members;
  JsonReader in(*text);
  in.object([&](JsonKey key) {
    if (key != "dataVersion" && key != table) members.emplace_back(key.text, in.raw());
  });
  if (!in.finish()) members.clear();
  return members;
}

Result<> write_file(os::FileSystem& fs, const std::string& path, const std::string& text) {
  if (fs.exists(path)) BOLIDE_CHECK(fs.rename(path, path + ".bak"));
  return os::replace_file(fs, path, text);
}

template <class Fill>
std::string pretty_table(const DataVersion& version, const Members& others, std::string_view name,
                         Fill fill) {
  std::string text;
  JsonWriter out(text, {.pretty = true});
  out.begin_object();
  out.key("dataVersion");
  write_version(out, version);
  for (const auto& [other, value] : others) {
    out.key(other);
    out.raw(value);
  }
  out.key(name);
  out.begin_object();
  fill(out);
  out.end_object();
  out.end_object();
  return text;
}

constexpr std::string_view file_names[] = {
    "topics.json",           "subscriptionGroup.json",  "consumerOffset.json",
    "delayOffset.json",      "messageRequestMode.json", "lmqConsumerOffset.json",
    "topicQueueMapping.json"};

// One line for each file that is there: its name, size and hash.
using Sums = std::map<std::string, std::string, std::less<>>;

Result<Sums> sums_of_files(os::FileSystem& fs, const std::string& directory) {
  Sums sums;
  for (const std::string_view name : file_names) {
    const auto text = os::read_file(fs, directory + "/config/" + std::string(name));
    if (!text && text.error().code == Errc::not_found) continue;
    if (!text) return Failure(text.error());
    if (!text->empty())
      sums.emplace(name, fmt::format("{} {} {:016X}", name, text->size(), hash64(*text)));
  }
  return sums;
}

// First in the notes of a server that has not stopped.
constexpr std::string_view running_line = "running\n";

std::string sums_path(const std::string& directory) {
  return directory + "/bolide/config-sums";
}

template <class Config>
bool contains(const std::vector<Config>& list, const std::string& name) {
  return std::ranges::find(list, name, &Config::name) != list.end();
}

// Our server was killed before it could write the files, so what is not in them was not deleted by
// the other broker, which did not know of it; and of two offsets the larger is the newer.
void add_ours(const StoredMetadata& ours, StoredMetadata* theirs) {
  for (const TopicConfig& topic : ours.topics)
    if (!contains(theirs->topics, topic.name)) theirs->topics.push_back(topic);
  for (const TopicMapping& mapping : ours.mappings) {
    if (std::ranges::find(theirs->mappings, mapping.topic, &TopicMapping::topic) ==
        theirs->mappings.end())
      theirs->mappings.push_back(mapping);
  }
  for (const GroupConfig& group : ours.groups)
    if (!contains(theirs->groups, group.name)) theirs->groups.push_back(group);
  using Place = std::tuple<std::string, std::string, std::int32_t>;
  std::map<Place, std::int64_t> offsets;
  for (const std::vector<OffsetEntry>* entries : {&ours.offsets, &std::as_const(theirs->offsets)}) {
    for (const OffsetEntry& entry : *entries) {
      std::int64_t& offset = offsets[{entry.topic, entry.group, entry.queue_id}];
      offset = std::max(offset, entry.offset);
    }
  }
  theirs->offsets.clear();
  for (const auto& [place, offset] : offsets)
    theirs->offsets.push_back({.topic = std::get<0>(place),
                               .group = std::get<1>(place),
                               .queue_id = std::get<2>(place),
                               .offset = offset});
}

}  // namespace

Result<> remember_rocketmq_files(os::FileSystem& fs, const std::string& directory, InStep in_step) {
  BOLIDE_TRY(const Sums sums, sums_of_files(fs, directory));
  std::string text(in_step == InStep::yes ? "" : running_line);
  for (const auto& [name, line] : sums) text += line + "\n";
  BOLIDE_CHECK(fs.make_directories(directory + "/bolide"));
  return os::replace_file(fs, sums_path(directory), text);
}

Result<ForeignChanges> take_foreign_changes(os::FileSystem& fs, const std::string& directory,
                                            StoredMetadata* all) {
  const auto known = os::read_file(fs, sums_path(directory));
  if (!known && known.error().code == Errc::not_found) return ForeignChanges{};
  if (!known) return Failure(known.error());
  BOLIDE_TRY(const Sums sums, sums_of_files(fs, directory));
  const auto lines = split(*known, '\n');
  const auto changed = [&](std::string_view name) {
    const auto sum = sums.find(name);
    return sum != sums.end() && std::ranges::find(lines, sum->second) == lines.end();
  };
  ForeignChanges changes{
      .topics = changed(file_names[0]) || changed(file_names[6]),
      .groups = changed(file_names[1]),
      .offsets = changed(file_names[2]) || changed(file_names[3]) || changed(file_names[5]),
      .modes = changed(file_names[4]),
      .topics_gone = {}};
  if (!changes.any()) return changes;
  BOLIDE_TRY(StoredMetadata theirs, read_rocketmq_files(fs, directory));
  if (known->starts_with(running_line)) add_ours(*all, &theirs);
  if (changes.topics) {
    for (TopicConfig& topic : all->topics) {
      if (!contains(theirs.topics, topic.name)) changes.topics_gone.push_back(std::move(topic));
    }
    all->topics = std::move(theirs.topics);
    all->topic_version = theirs.topic_version;
    all->mappings = std::move(theirs.mappings);
  }
  if (changes.groups) {
    all->groups = std::move(theirs.groups);
    all->group_version = theirs.group_version;
  }
  if (changes.offsets) all->offsets = std::move(theirs.offsets);
  if (changes.modes) all->modes = std::move(theirs.modes);
  return changes;
}

Result<StoredMetadata> read_rocketmq_files(os::FileSystem& fs, const std::string& directory) {
  StoredMetadata all;
  const std::string config = directory + "/config/";
  BOLIDE_CHECK(read_with_backup(fs, config + "topics.json",
                                [&](std::string_view json) { return parse_topics(json, &all); }));
  BOLIDE_CHECK(read_with_backup(fs, config + "subscriptionGroup.json",
                                [&](std::string_view json) { return parse_groups(json, &all); }));
  BOLIDE_CHECK(read_with_backup(fs, config + "consumerOffset.json",
                                [&](std::string_view json) { return parse_offsets(json, &all); }));
  BOLIDE_CHECK(read_with_backup(fs, config + "lmqConsumerOffset.json", [&](std::string_view json) {
    return parse_light_offsets(json, &all);
  }));
  BOLIDE_CHECK(read_with_backup(fs, config + "delayOffset.json", [&](std::string_view json) {
    return parse_delay_offsets(json, &all);
  }));
  BOLIDE_CHECK(read_with_backup(fs, config + "messageRequestMode.json",
                                [&](std::string_view json) { return parse_modes(json, &all); }));
  BOLIDE_CHECK(read_with_backup(fs, config + "topicQueueMapping.json",
                                [&](std::string_view json) { return parse_mappings(json, &all); }));
  return all;
}

namespace {

using OffsetTable = std::map<std::string, std::map<std::int32_t, std::int64_t>>;

void write_offsets(JsonWriter& out, const OffsetTable& offsets) {
  for (const auto& [place, queues] : offsets) {
    out.key(place);
    out.begin_object();
    for (const auto& [queue_id, offset] : queues) out.member(queue_id, offset);
    out.end_object();
  }
}

std::string light_offsets_json(const OffsetTable& offsets,
                               const std::map<std::string, std::int64_t>& light) {
  std::string table;
  JsonWriter out(table, {.pretty = true});
  out.begin_object();
  for (const auto& [place, offset] : light) out.member(place, offset);
  out.end_object();
  return pretty_table({}, {{"lmqOffsetTable", table}}, "offsetTable",
                      [&](JsonWriter& to) { write_offsets(to, offsets); });
}

}  // namespace

Result<> write_rocketmq_files(os::FileSystem& fs, const std::string& directory,
                              const StoredMetadata& all) {
  const std::string config = directory + "/config/";
  BOLIDE_CHECK(fs.make_directories(config));
  const auto write = [&](const char* file, const DataVersion& version, std::string_view table,
                         const auto& fill) {
    const std::string path = config + file;
    return write_file(fs, path, pretty_table(version, other_members(fs, path, table), table, fill));
  };
  BOLIDE_CHECK(write("topics.json", all.topic_version, "topicConfigTable", [&](JsonWriter& out) {
    for (const TopicConfig& topic : all.topics) {
      out.key(topic.name);
      write_topic(out, topic);
    }
  }));
  BOLIDE_CHECK(write("subscriptionGroup.json", all.group_version, "subscriptionGroupTable",
                     [&](JsonWriter& out) {
                       for (const GroupConfig& group : all.groups) {
                         out.key(group.name);
                         write_group(out, group);
                       }
                     }));
  OffsetTable offsets;
  std::map<std::string, std::int64_t> light_offsets;
  std::map<std::int32_t, std::int64_t> delay_offsets;
  for (const OffsetEntry& entry : all.offsets) {
    if (entry.group == schedule_group) {
      delay_offsets[entry.queue_id + 1] = entry.offset;
      continue;
    }
    const std::string place = entry.topic + "@" + entry.group;
    if (entry.group.starts_with(store::light_prefix))
      light_offsets[place] = entry.offset;
    else
      offsets[place][entry.queue_id] = entry.offset;
  }
  BOLIDE_CHECK(write("consumerOffset.json", {}, "offsetTable",
                     [&](JsonWriter& out) { write_offsets(out, offsets); }));
  if (const std::string path = config + "lmqConsumerOffset.json";
      !light_offsets.empty() || fs.exists(path)) {
    BOLIDE_CHECK(write_file(fs, path, light_offsets_json(offsets, light_offsets)));
  }
  BOLIDE_CHECK(write("delayOffset.json", {}, "offsetTable", [&](JsonWriter& out) {
    for (const auto& [level, offset] : delay_offsets) out.member(level, offset);
  }));
  if (const std::string path = config + "messageRequestMode.json";
      !all.modes.empty() || fs.exists(path)) {
    BOLIDE_CHECK(write_file(fs, path, request_modes_json(all.modes)));
  }
  if (!all.mappings.empty() || fs.exists(config + "topicQueueMapping.json")) {
    BOLIDE_CHECK(write("topicQueueMapping.json", all.topic_version, "topicQueueMappingInfoMap",
                       [&](JsonWriter& out) {
                         for (const TopicMapping& mapping : all.mappings) {
                           out.key(mapping.topic);
                           write_json(out, mapping);
                         }
                       }));
  }
  return remember_rocketmq_files(fs, directory, InStep::yes);
}

std::int64_t read_timer_check(os::FileSystem& fs, const std::string& directory) {
  const auto bytes = os::read_file(fs, directory + "/timercheck");
  return bytes && bytes->size() >= 8 ? ByteReader(*bytes).i64() : 0;
}

}  // namespace bolide::broker
