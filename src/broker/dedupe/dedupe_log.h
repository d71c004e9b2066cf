// SPDX-License-Identifier: Apache-2.0
//
// What is known of earlier sends, on the disk: a journal that saves a start the reading of the log.
// Format: docs/disk/dedupe.md.
// Runs on: core agent.  Owns: the journal.  Invariant: the log of messages is the truth; the
// journal holds only what the log had synced, and says from where on the log must be read.
#pragma once

#include "base/result.h"
#include "broker/dedupe/key_window.h"
#include "broker/dedupe/sequence_window.h"
#include "os/file_system.h"
#include "store/journal.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

class DedupeLog {
 public:
  // A producer's messages to a queue, and what is known of them.
  struct Producer {
    std::string topic;
    std::int32_t queue_id = 0;
    std::string id;
    std::int64_t used_ms = 0;
    std::int64_t floor = -1;
    std::vector<SequenceWindow::Entry> entries;  // in the order in which they were told
  };
  struct Keys {
    std::string topic;
    std::vector<KeyPlace> places;  // likewise
  };
  struct Opened {
    std::unique_ptr<DedupeLog> log;
    std::vector<Producer> producers;  // more than one for the same producer and queue: merge them
    std::vector<Keys> keys;           // likewise
    // From where on the log of messages must be read; nothing: there is nothing to know.
    std::optional<std::int64_t> covered;
  };
  // Errors: as open_journal.
  static Result<Opened> open(os::FileSystem& fs, const std::string& directory);

  // Whose entries follow.
  struct Owner {
    std::string_view topic;
    std::int32_t queue_id = 0;
    std::string_view id;
    std::int64_t used_ms = 0;
    std::int64_t floor = -1;
  };
  void put(const Owner& owner, std::span<const SequenceWindow::Entry> entries);
  void put_keys(std::string_view topic, std::span<const KeyPlace> places);
  // Everything about the topic so far.
  void forget(std::string_view topic);
  void cover(std::int64_t position);
  // There is nothing to know any more.
  void cover_nothing();

  // Writes what was put; after an error it is forgotten, and the caller puts it again.
  Result<> flush();
  // Whether there is more past than present in the files, with so many bytes of it now.
  bool wants_snapshot(std::uint64_t present_bytes) const;
  // `all` puts everything there is.
  Result<> snapshot(const std::function<void(DedupeLog& into)>& all);

  static std::uint64_t bytes_of_producer(std::size_t entries);
  static std::uint64_t bytes_of_keys(std::size_t places);
  const std::shared_ptr<store::Journal>& journal() const { return journal_; }

 private:
  explicit DedupeLog(std::shared_ptr<store::Journal> journal) : journal_(std::move(journal)) {}
  void emit(std::string_view key, std::string_view value);

  std::shared_ptr<store::Journal> journal_;
  const store::Journal::Emit* snapshot_ = nullptr;  // into which is put, while one is written
  std::string value_;                               // scratch
};

}  // namespace bolide::broker
