// SPDX-License-Identifier: Apache-2.0
//
// Pages and names of the simulated disk.
// Runs on: any agent, under the lock of SimFileSystem.  Owns: the bytes.
// Invariant: bytes of the last page beyond the file's size are zero in both states.
#include "os/sim_node.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>

namespace bolide::os::sim {
namespace {

std::uint64_t pages_of(std::uint64_t size) {
  return (size + page_bytes - 1) / page_bytes;
}

// The part of a byte range that lies in one page.
struct Slice {
  std::uint64_t index;
  std::size_t from;
  std::size_t size;
};

Slice first_slice(std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t from = offset % page_bytes;
  return {.index = offset / page_bytes,
          .from = static_cast<std::size_t>(from),
          .size = static_cast<std::size_t>(std::min(size, page_bytes - from))};
}

}  // namespace

FileNode::~FileNode() {
  free_from(0);
}

bool FileNode::allocate(std::uint64_t index) {
  if (index >= allocated_.size()) allocated_.resize(static_cast<std::size_t>(index) + 1);
  if (allocated_[static_cast<std::size_t>(index)]) return true;
  if (!space_->take()) return false;
  allocated_[static_cast<std::size_t>(index)] = true;
  return true;
}

void FileNode::free_from(std::uint64_t index) {
  if (index >= allocated_.size()) return;
  const auto from = allocated_.begin() + static_cast<std::ptrdiff_t>(index);
  space_->used_pages -= static_cast<std::uint64_t>(std::count(from, allocated_.end(), true));
  allocated_.resize(static_cast<std::size_t>(index));
}

Page& FileNode::page_for_write(std::uint64_t index) {
  std::shared_ptr<Page>& page = pages_[index];
  if (page == nullptr) {
    page = std::make_shared<Page>();
  } else if (page.use_count() > 1) {  // the durable state has it too
    page = std::make_shared<Page>(*page);
  }
  dirty_.insert(index);
  return *page;
}

std::size_t FileNode::write(std::uint64_t offset, std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const Slice slice = first_slice(offset + done, bytes.size() - done);
    if (!allocate(slice.index)) break;
    std::memcpy(page_for_write(slice.index).data() + slice.from, bytes.data() + done, slice.size);
    done += slice.size;
  }
  if (done > 0) size_ = std::max(size_, offset + done);
  return done;
}

std::size_t FileNode::read(std::uint64_t offset, char* into, std::size_t size) const {
  if (offset >= size_) return 0;
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
  for (std::size_t done = 0; done < size;) {
    const Slice slice = first_slice(offset + done, size - done);
    if (const auto page = pages_.find(slice.index); page != pages_.end()) {
      std::memcpy(into + done, page->second->data() + slice.from, slice.size);
    } else {
      std::memset(into + done, 0, slice.size);
    }
    done += slice.size;
  }
  return size;
}

void FileNode::truncate(std::uint64_t size) {
  if (size < size_) {
    const auto first_gone = pages_.lower_bound(pages_of(size));
    for (auto page = first_gone; page != pages_.end(); ++page) dirty_.insert(page->first);
    pages_.erase(first_gone, pages_.end());
    const Slice tail = first_slice(size, page_bytes);
    if (tail.from != 0 && pages_.contains(tail.index))
      std::memset(page_for_write(tail.index).data() + tail.from, 0, tail.size);
    free_from(pages_of(size));
  }
  size_ = size;
}

bool FileNode::reserve(std::uint64_t offset, std::uint64_t size) {
  for (std::uint64_t index = offset / page_bytes; index < pages_of(offset + size); ++index) {
    if (!allocate(index)) return false;
  }
  return true;
}

void FileNode::sync() {
  for (const std::uint64_t index : dirty_) {
    if (const auto page = pages_.find(index); page != pages_.end()) {
      durable_[index] = page->second;
    } else {
      durable_.erase(index);
    }
  }
  dirty_.clear();
  durable_size_ = size_;
}

void FileNode::flip_bit(std::uint64_t offset, unsigned bit) {
  BOLIDE_ASSERT(offset < size_ && bit < 8);
  const Slice slice = first_slice(offset, 1);
  const auto flip = [&](Page& page) {
    page[slice.from] =
        static_cast<char>(static_cast<unsigned char>(page[slice.from]) ^ (1U << bit));
  };
  std::shared_ptr<Page>& page = pages_[slice.index];
  if (page == nullptr) page = std::make_shared<Page>();  // was a hole
  flip(*page);
  if (slice.index >= pages_of(durable_size_)) return;
  std::shared_ptr<Page>& durable = durable_[slice.index];
  if (durable == page) return;
  if (durable == nullptr) durable = std::make_shared<Page>();
  flip(*durable);
}

// Each dirty page reaches the disk or not; the size is the old one, the new one or between.
void FileNode::keep_some_dirty(Random& random) {
  for (const std::uint64_t index : dirty_) {
    if (random.below(2) == 0) continue;
    if (const auto page = pages_.find(index); page != pages_.end()) {
      durable_[index] = page->second;
    } else {
      durable_.erase(index);
    }
  }
  const auto [low, high] = std::minmax(size_, durable_size_);
  switch (random.below(3)) {
    case 0: break;
    case 1: durable_size_ = size_; break;
    default:
      durable_size_ = std::max(low, (low + random.below(high - low + 1)) / page_bytes * page_bytes);
  }
}

void FileNode::crash(Random* random) {
  if (random != nullptr) keep_some_dirty(*random);
  pages_ = durable_;
  size_ = ~std::uint64_t{0};
  truncate(durable_size_);  // drops the pages that were kept beyond the size that was kept
  dirty_.clear();
  durable_ = pages_;
  // Reservations that held nothing durable are gone.
  free_from(0);
  for (const auto& [index, page] : pages_) {
    allocated_.resize(static_cast<std::size_t>(index) + 1);
    allocated_.back() = true;
  }
  space_->used_pages += pages_.size();  // even where the capacity was lowered below it
}

void DirectoryNode::crash(Random* random) {
  entries = durable;
  for (const auto& [name, node] : entries) node->crash(random);
}

void DirectoryNode::set(std::map<std::string, NodePtr>& names, const std::string& name,
                        NodePtr node) {
  if (node == nullptr) {
    names.erase(name);
  } else {
    names[name] = std::move(node);
  }
}

}  // namespace bolide::os::sim
