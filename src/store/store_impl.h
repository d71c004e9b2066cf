// SPDX-License-Identifier: Apache-2.0
//
// The store: commit log and index put together. Its door is message_store.h.
// Runs on: log agent.  Owns: the log, the index, the lock, its jobs on other agents.
// Invariant: see message_store.h.
#pragma once

#include "store/job_slot.h"
#include "store/message_store.h"
#include "store/recovery.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace bolide::store {

class StoreImpl final : public MessageStore {
 public:
  StoreImpl(os::FileSystem& fs, const StoreOptions& options, StoreAgents agents, Recovered found);
  Result<> start(const Now& now);

  QueueNo queue(std::string_view topic, std::int32_t queue_id) override;
  std::optional<QueueNo> find_queue(std::string_view topic, std::int32_t queue_id) const override;
  std::int32_t last_queue_id(std::string_view topic) const override {
    return index_->queues().last_id(topic);
  }
  std::size_t queue_count() const override { return index_->queues().size(); }
  QueueName queue_name(QueueNo queue) const override;
  std::int64_t min_offset(QueueNo queue) override { return index_->min_offset(queue); }
  bool is_empty(QueueNo queue) const override;
  std::int64_t next_offset(QueueNo queue) const override { return index_->queues().at(queue).next; }
  void trim_queue(QueueNo queue, std::int64_t position) override;

  Result<Appended> append(const AppendRequest& request, const Now& now) override;
  Result<> write_turn(const Now& now) override;
  Result<> sync_all() override;
  std::int64_t safe_position() const override;
  void on_safe(std::function<void()> callback) override { on_safe_ = std::move(callback); }
  void before_drop(std::function<bool(std::int64_t)> may) override { may_drop_ = std::move(may); }
  const table::Histogram& flush_us() const override { return flush_us_; }
  bool stopped() const override { return stopped_.has_value(); }
  void sync_with(std::shared_ptr<Journal> journal) override {
    journals_.push_back(std::move(journal));
  }

  ReadResult read(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                  const ReadLimits& limits, const TagFilter& filter) override;
  ReadResult read_position(std::int64_t position) override;
  Result<> scan(std::int64_t from, const std::function<void(const Record&)>& each) override;
  Result<std::vector<std::int64_t>> find_key(std::string_view topic, std::string_view key,
                                             std::int64_t from_ms, std::int64_t to_ms,
                                             std::size_t count_max) override;
  std::int64_t offset_by_time(QueueNo queue, std::int64_t time_ms, bool upper) override;
  std::optional<std::int64_t> store_time(QueueNo queue, std::int64_t offset) override;

  void tick(const Now& now) override;
  Result<> close() override;
  StoreStats stats() const override;

 private:
  // An entry that is to be read, and its offset.
  struct Wanted {
    IndexEntry entry;
    std::int64_t offset = 0;
  };

  // append and sync: message_store.cc
  Result<> stopped_error() const { return fail(Errc::storage_stopped, stopped_->context); }
  void stop(const Error& error);
  void start_sync();
  void synced(Result<> result, std::int64_t position, std::int64_t took_us);

  // reading: store_read.cc
  ReadResult read_once(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                       const ReadLimits& limits, const TagFilter& filter);
  Result<bool> choose(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                      const ReadLimits& limits, const TagFilter& filter, ReadResult* into);
  Result<bool> give(QueueNo queue, ReadResult* into);
  bool stands_in_memory(QueueNo queue, const Wanted& wanted) const;
  Result<> give_from_memory(QueueNo queue, const Wanted& wanted, ReadResult* into);
  std::size_t stretch(std::size_t begin, std::int64_t* span_end) const;
  Result<bool> give_from_file(QueueNo queue, std::size_t begin, std::size_t* end, ReadResult* into);
  Error damage_at(std::int64_t position) const;
  std::int64_t behind_record(QueueNo queue, const Wanted& wanted);
  void explain(QueueNo queue, ReadResult* failed);
  std::int64_t record_time(std::int64_t position);

  // upkeep: store_upkeep.cc
  void keep_index();
  IndexJob index_job();
  void index_written(Result<std::optional<RunHeader>> written);
  void keep_space(const Now& now);
  void expire(const Now& now);
  void removed(std::vector<std::string> left, const Result<>& result);
  void space_seen(const os::SpaceInfo& space);
  Result<> close_files();

  os::FileSystem& fs_;
  StoreOptions options_;
  StoreLayout layout_;
  StoreAgents agents_;
  std::unique_ptr<os::File> lock_;
  std::shared_ptr<MarkFile> marks_;
  std::vector<std::shared_ptr<Journal>> journals_;  // synced with the log
  std::unique_ptr<MessageIndex> index_;
  std::shared_ptr<Checkpoint> image_;  // the index job's while one runs
  CommitLog log_;
  std::function<void()> on_safe_;
  std::function<bool(std::int64_t)> may_drop_;
  std::optional<Error> stopped_;
  bool closed_ = false;
  StoreStats stats_;
  table::Histogram flush_us_;

  std::int64_t synced_ = 0;
  std::int64_t covered_ = 0;        // by the checkpoint on disk
  std::int64_t last_sync_ms_ = 0;   // steady
  std::int64_t last_marks_ms_ = 0;  // steady; the marks are synced once a second
  std::int64_t now_ms_ = 0;         // steady, of the last turn or tick

  std::vector<BaseChange> base_changes_;
  std::int64_t index_retry_ms_ = 0;
  std::int64_t space_ms_ = 0;  // steady; of the last look at the disk
  int disk_used_percent_ = 0;
  bool disk_full_ = false;
  std::vector<std::string> to_remove_;  // out of the log and still on the disk, oldest first
  bool remove_failed_ = false;

  std::vector<Wanted> wanted_;                // scratch of read()
  std::vector<IndexEntry> entries_;           // scratch of read()
  Error why_;                                 // of a read that failed
  std::optional<Wanted> at_fault_;            // the record that could not be given then
  std::unordered_set<std::int64_t> damaged_;  // positions of the records that were found damaged

  // Last: their jobs end before the rest goes.
  JobSlot sync_slot_;
  JobSlot index_slot_;
  JobSlot space_slot_;
};

}  // namespace bolide::store
