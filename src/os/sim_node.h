// SPDX-License-Identifier: Apache-2.0
//
// The contents of the simulated disk: files as pages and directories as names, each twice, as
// programs see them (volatile) and as a loss of power leaves them (durable).
// Runs on: any agent, under the lock of SimFileSystem.  Owns: the bytes.
// Invariant: a page that is not dirty is the same in both states, unless a failed sync lost it.
#pragma once

#include "base/random.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::os::sim {

constexpr std::uint64_t page_bytes = 4096;
using Page = std::array<char, page_bytes>;

// The blocks of the disk.
struct Space {
  std::uint64_t capacity_pages = (std::uint64_t{1} << 40U) / page_bytes;
  std::uint64_t used_pages = 0;

  bool take() {
    if (used_pages >= capacity_pages) return false;
    ++used_pages;
    return true;
  }
};

class Node {
 public:
  virtual ~Node() = default;
  // Power is lost: the durable state becomes the state. With `random`, each change that was not
  // synced may have reached the disk all the same.
  virtual void crash(Random* random) = 0;
};

using NodePtr = std::shared_ptr<Node>;

class FileNode final : public Node {
 public:
  explicit FileNode(std::shared_ptr<Space> space) : space_(std::move(space)) {}
  ~FileNode() override;
  FileNode(const FileNode&) = delete;
  FileNode& operator=(const FileNode&) = delete;

  // Returns how many bytes found room.
  std::size_t write(std::uint64_t offset, std::string_view bytes);
  std::size_t read(std::uint64_t offset, char* into, std::size_t size) const;
  void truncate(std::uint64_t size);
  // False: no room; then a part of the range is reserved.
  bool reserve(std::uint64_t offset, std::uint64_t size);
  void sync();
  // A sync failed: as on Linux, what was dirty now counts as clean and never reaches the disk.
  void lose_dirty() { dirty_.clear(); }
  void flip_bit(std::uint64_t offset, unsigned bit);
  std::uint64_t size() const { return size_; }
  void crash(Random* random) override;

  // Who holds the lock, and in which life of the process.
  const void* lock_owner = nullptr;
  std::uint64_t lock_generation = 0;

 private:
  using Pages = std::map<std::uint64_t, std::shared_ptr<Page>>;

  bool allocate(std::uint64_t index);
  void free_from(std::uint64_t index);
  Page& page_for_write(std::uint64_t index);
  void keep_some_dirty(Random& random);

  std::shared_ptr<Space> space_;
  Pages pages_;
  Pages durable_;
  std::uint64_t size_ = 0;
  std::uint64_t durable_size_ = 0;
  std::set<std::uint64_t> dirty_;
  std::vector<bool> allocated_;
};

class DirectoryNode final : public Node {
 public:
  void crash(Random* random) override;
  void sync() { durable = entries; }
  // A null `node` takes the name away.
  static void set(std::map<std::string, NodePtr>& names, const std::string& name, NodePtr node);

  std::map<std::string, NodePtr> entries;
  std::map<std::string, NodePtr> durable;
};

}  // namespace bolide::os::sim
