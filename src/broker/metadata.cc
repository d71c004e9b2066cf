// SPDX-License-Identifier: Apache-2.0
//
// Metadata in the journal. Keys: topic/NAME, group/NAME, offset/QUEUE/TOPIC@GROUP, trim/NAME,
// gone/NAME (erases topic/NAME and mapping/NAME, and puts trim/NAME), mode/TOPIC@GROUP,
// lock/QUEUE/TOPIC@GROUP, checks/HALF, mapping/NAME, version/topic, version/group. Offsets and
// locks may be of names that hold '@': see queue_key.h. Runs on: core agent.  Owns: the journal.
// Invariant: see metadata.h.
#include "broker/metadata.h"

#include "base/log.h"
#include "base/strings.h"
#include "broker/queue_key.h"

#include <fmt/core.h>

#include <algorithm>

namespace bolide::broker {
namespace {

constexpr std::string_view topic_key = "topic/";
constexpr std::string_view group_key = "group/";
constexpr std::string_view offset_key = "offset/";
constexpr std::string_view trim_key = "trim/";
constexpr std::string_view gone_key = "gone/";
constexpr std::string_view mode_key = "mode/";
constexpr std::string_view lock_key = "lock/";
constexpr std::string_view checks_key = "checks/";
constexpr std::string_view mapping_key = "mapping/";
constexpr std::string_view topic_version_key = "version/topic";
constexpr std::string_view group_version_key = "version/group";
constexpr std::uint64_t snapshot_after_bytes = 8U << 20U;
constexpr std::uint64_t record_bytes = 29;  // beside key and value

template <class Value, class Write>
std::string as_json(const Value& value, Write write) {
  std::string text;
  JsonWriter out(text);
  write(out, value);
  return text;
}

std::string key_of(std::string_view prefix, std::string_view name) {
  return std::string(prefix) + std::string(name);
}

std::string key_of_offset(std::string_view topic, std::string_view group, std::int32_t queue_id) {
  return key_of(offset_key, queue_key(topic, group, queue_id));
}

std::string key_of_mode(const RequestMode& mode) {
  return fmt::format("{}{}@{}", mode_key, mode.topic, mode.group);
}

std::string value_of_lock(const LockEntry& lock) {
  return fmt::format("{} {}", lock.renewed_ms, lock.client_id);
}

// The journal replayed: the last value of each key.
class Replay {
 public:
  void apply(std::string_view key, std::string_view value, bool erased) {
    if (key.starts_with(gone_key)) {
      const std::string_view topic = key.substr(gone_key.size());
      apply(key_of(topic_key, topic), {}, true);
      apply(key_of(mapping_key, topic), {}, true);
      apply(key_of(trim_key, topic), value, erased);
    } else if (erased) {
      if (auto found = values_.find(key); found != values_.end()) values_.erase(found);
    } else if (auto found = values_.find(key); found != values_.end()) {
      found->second = value;
    } else {
      values_.emplace(std::string(key), std::string(value));
    }
  }

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : values_) sum += record_bytes + key.size() + value.size();
    return sum;
  }

  Result<StoredMetadata> result() const {
    StoredMetadata stored;
    for (const auto& [key, value] : values_) BOLIDE_CHECK(read(key, value, &stored));
    return stored;
  }

 private:
  template <class Value, class Read>
  static Result<> read_json(std::string_view key, const std::string& text, Read read, Value* into) {
    JsonReader in(text);
    read(in, into);
    if (auto done = in.finish(); !done) return Failure(std::move(done).error().in(key));
    return {};
  }

  static Result<> read(std::string_view key, const std::string& value, StoredMetadata* stored) {
    if (key.starts_with(topic_key)) {
      return read_json(key, value, read_topic, &stored->topics.emplace_back());
    }
    if (key.starts_with(group_key)) {
      return read_json(key, value, read_group, &stored->groups.emplace_back());
    }
    if (key.starts_with(mode_key))
      return read_json(key, value, read_mode, &stored->modes.emplace_back());
    if (key == topic_version_key)
      return read_json(key, value, read_version, &stored->topic_version);
    if (key == group_version_key)
      return read_json(key, value, read_version, &stored->group_version);
    if (key.starts_with(offset_key)) return read_offset(key, value, stored);
    if (key.starts_with(trim_key)) return read_trim(key, value, stored);
    if (key.starts_with(lock_key)) return read_lock(key, value, stored);
    if (key.starts_with(checks_key)) return read_checks(key, value, stored);
    if (key.starts_with(mapping_key)) return read_mapping(key, value, stored);
    return fail(Errc::storage_corrupt, "metadata key " + std::string(key));
  }

  static Result<> read_trim(std::string_view key, std::string_view value, StoredMetadata* stored) {
    const auto position = parse_integer<std::int64_t>(value);
    if (!position) return fail(Errc::storage_corrupt, "metadata key " + std::string(key));
    stored->trims.push_back(
        {.topic = std::string(key.substr(trim_key.size())), .position = *position});
    return {};
  }

  static Result<> read_lock(std::string_view key, std::string_view value, StoredMetadata* stored) {
    const std::size_t space = value.find(' ');
    const auto renewed_ms = parse_integer<WallMs>(value.substr(0, space));
    if (space == value.npos || !renewed_ms)
      return fail(Errc::storage_corrupt, "metadata key " + std::string(key));
    stored->locks.push_back({.queue = std::string(key.substr(lock_key.size())),
                             .client_id = std::string(value.substr(space + 1)),
                             .renewed_ms = *renewed_ms});
    return {};
  }

  static Result<> read_checks(std::string_view key, std::string_view value,
                              StoredMetadata* stored) {
    const auto half_offset = parse_integer<std::int64_t>(key.substr(checks_key.size()));
    const auto checks = parse_integer<std::int32_t>(value);
    if (!half_offset || !checks)
      return fail(Errc::storage_corrupt, "metadata key " + std::string(key));
    stored->checks.push_back({.half_offset = *half_offset, .checks = *checks});
    return {};
  }

  static Result<> read_mapping(std::string_view key, std::string_view value,
                               StoredMetadata* stored) {
    auto mapping = parse_mapping(value);
    if (!mapping) return Failure(std::move(mapping).error().in(key));
    stored->mappings.push_back(std::move(*mapping));
    return {};
  }

  static Result<> read_offset(std::string_view key, std::string_view value,
                              StoredMetadata* stored) {
    const auto queue = parse_queue_key(key.substr(offset_key.size()));
    const auto offset = parse_integer<std::int64_t>(value);
    if (!queue || !offset) return fail(Errc::storage_corrupt, "metadata key " + std::string(key));
    stored->offsets.push_back({.topic = std::string(queue->topic),
                               .group = std::string(queue->group),
                               .queue_id = queue->queue_id,
                               .offset = *offset});
    return {};
  }

  StringMap<std::string> values_;
};

}  // namespace

Result<Metadata::Opened> Metadata::open(os::FileSystem& fs, const std::string& directory) {
  Replay replay;
  BOLIDE_TRY(auto opened,
             store::open_journal(fs, directory,
                                 [&](std::string_view key, std::string_view value, bool erased) {
                                   replay.apply(key, value, erased);
                                 }));
  BOLIDE_TRY(auto stored, replay.result());
  return Opened{.metadata = std::unique_ptr<Metadata>(
                    new Metadata(std::move(opened.journal), replay.bytes())),
                .stored = std::move(stored),
                .fresh = opened.fresh};
}

void Metadata::save_topic(const TopicConfig& config, const DataVersion& version) {
  journal_->put(key_of(topic_key, config.name), as_json(config, write_topic));
  journal_->put(topic_version_key, as_json(version, write_version));
}

void Metadata::erase_topic(std::string_view name, std::int64_t trim_position,
                           const DataVersion& version) {
  journal_->put(topic_version_key, as_json(version, write_version));
  // One record: a loss of power may take the end of what was written.
  journal_->put(key_of(gone_key, name), DecimalText(trim_position).view());
}

void Metadata::save_mapping(const TopicMapping& mapping) {
  journal_->put(key_of(mapping_key, mapping.topic), mapping_json(mapping));
}

void Metadata::save_group(const GroupConfig& config, const DataVersion& version) {
  journal_->put(key_of(group_key, config.name), as_json(config, write_group));
  journal_->put(group_version_key, as_json(version, write_version));
}

void Metadata::erase_group(std::string_view name, const DataVersion& version) {
  journal_->erase(key_of(group_key, name));
  journal_->put(group_version_key, as_json(version, write_version));
}

void Metadata::save_mode(const RequestMode& mode) {
  journal_->put(key_of_mode(mode), as_json(mode, write_mode));
}

void Metadata::save_offset(std::string_view topic, std::string_view group, std::int32_t queue_id,
                           std::int64_t offset) {
  journal_->put(key_of_offset(topic, group, queue_id), DecimalText(offset).view());
}

void Metadata::erase_offset(std::string_view topic, std::string_view group, std::int32_t queue_id) {
  journal_->erase(key_of_offset(topic, group, queue_id));
}

void Metadata::save_lock(const LockEntry& lock) {
  journal_->put(key_of(lock_key, lock.queue), value_of_lock(lock));
}

void Metadata::erase_lock(std::string_view queue) {
  journal_->erase(key_of(lock_key, queue));
}

void Metadata::save_checks(const CheckEntry& entry) {
  journal_->put(key_of(checks_key, DecimalText(entry.half_offset).view()),
                DecimalText(entry.checks).view());
}

void Metadata::erase_checks(std::int64_t half_offset) {
  journal_->erase(key_of(checks_key, DecimalText(half_offset).view()));
}

Result<> Metadata::flush() {
  if (!journal_->dirty()) return {};
  if (!ready()) {
    journal_->discard();
    return Failure(writing_.error());
  }
  Result<> written = journal_->write();
  writing_.note(written, now_ms_);
  if (!written) journal_->discard();
  return written;
}

bool Metadata::wants_snapshot() const {
  // All of it is written, so that more must have changed where there is more.
  const std::uint64_t after_bytes = std::max(snapshot_after_bytes, present_bytes_);
  const bool due = snapshot_due_ || journal_->change_bytes() > after_bytes;
  return due && snapshots_.due(now_ms_);
}

Result<> Metadata::snapshot(const StoredMetadata& all) {
  std::uint64_t bytes = 0;
  Result<> written = journal_->snapshot([&](const store::Journal::Emit& put) {
    const auto emit = [&](std::string_view key, std::string_view value) {
      bytes += record_bytes + key.size() + value.size();
      put(key, value);
    };
    for (const TopicConfig& t : all.topics)
      emit(key_of(topic_key, t.name), as_json(t, write_topic));
    for (const GroupConfig& g : all.groups)
      emit(key_of(group_key, g.name), as_json(g, write_group));
    for (const RequestMode& m : all.modes) emit(key_of_mode(m), as_json(m, write_mode));
    emit(topic_version_key, as_json(all.topic_version, write_version));
    emit(group_version_key, as_json(all.group_version, write_version));
    for (const OffsetEntry& o : all.offsets) {
      emit(key_of_offset(o.topic, o.group, o.queue_id), DecimalText(o.offset).view());
    }
    for (const TrimEntry& t : all.trims) {
      emit(key_of(trim_key, t.topic), DecimalText(t.position).view());
    }
    for (const LockEntry& l : all.locks) emit(key_of(lock_key, l.queue), value_of_lock(l));
    for (const CheckEntry& e : all.checks) {
      emit(key_of(checks_key, DecimalText(e.half_offset).view()), DecimalText(e.checks).view());
    }
    for (const TopicMapping& m : all.mappings) emit(key_of(mapping_key, m.topic), mapping_json(m));
  });
  if (written) {
    snapshot_due_ = false;
    present_bytes_ = bytes;
  }
  snapshots_.note(written, now_ms_);
  return written;
}

}  // namespace bolide::broker
