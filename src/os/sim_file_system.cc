// SPDX-License-Identifier: Apache-2.0
//
// The simulated file system: names and controls.
// Runs on: any agent.  Owns: the simulated disk.  Invariant: every call takes the disk's lock
// first.
#include "os/sim_file_system.h"

#include "base/assert.h"
#include "os/sim_file.h"
#include "os/sim_state.h"
#include "os/system_error.h"

#include <cerrno>

namespace bolide::os {

using sim::DirectoryNode;
using sim::FileNode;
using sim::Place;
using Guard = std::scoped_lock<std::mutex>;

SimFileSystem::SimFileSystem() : state_(std::make_shared<sim::State>()) {}
SimFileSystem::~SimFileSystem() = default;

Result<std::unique_ptr<File>> SimFileSystem::open(const std::string& path, OpenMode mode) {
  const Guard guard(state_->mutex);
  const bool may_create = mode == OpenMode::create || mode == OpenMode::create_new;
  BOLIDE_CHECK(state_->admit(FileOperation::open, path, may_create));
  Place place = state_->find(path);
  if (place.node == nullptr) {
    if (!may_create || place.directory == nullptr) return system_failure("open", path, ENOENT);
    place.node = std::make_shared<FileNode>(state_->space);
    state_->change_names({{place.directory, place.name, place.node}});
  } else if (mode == OpenMode::create_new) {
    return system_failure("open", path, EEXIST);
  }
  auto node = std::dynamic_pointer_cast<FileNode>(place.node);
  if (node == nullptr) return system_failure("open", path, EISDIR);
  return std::make_unique<sim::SimFile>(sim::SimFile::Parameters{
      .state = state_, .node = std::move(node), .path = path, .writable = mode != OpenMode::read});
}

Result<> SimFileSystem::make_directories(const std::string& path) {
  const Guard guard(state_->mutex);
  BOLIDE_CHECK(state_->admit(FileOperation::make_directories, path, true));
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    const Place place = state_->find(part);
    if (std::dynamic_pointer_cast<DirectoryNode>(place.node) != nullptr) continue;
    if (place.node != nullptr) return system_failure("make directory", part, EEXIST);
    if (place.directory == nullptr) return system_failure("make directory", part, ENOTDIR);
    state_->change_names({{place.directory, place.name, std::make_shared<DirectoryNode>()}});
    state_->sync_names(place.directory);
  }
  return {};
}

Result<std::vector<std::string>> SimFileSystem::list(const std::string& path) {
  const Guard guard(state_->mutex);
  BOLIDE_CHECK(state_->admit(FileOperation::list, path, false));
  const auto node = state_->find(path).node;
  const auto directory = std::dynamic_pointer_cast<DirectoryNode>(node);
  if (directory == nullptr) return system_failure("list", path, node ? ENOTDIR : ENOENT);
  std::vector<std::string> names;
  for (const auto& [name, child] : directory->entries) names.push_back(name);
  return names;
}

bool SimFileSystem::exists(const std::string& path) {
  const Guard guard(state_->mutex);
  return state_->find(path).node != nullptr;
}

Result<> SimFileSystem::remove(const std::string& path) {
  const Guard guard(state_->mutex);
  BOLIDE_CHECK(state_->admit(FileOperation::remove, path, true));
  const Place place = state_->find(path);
  if (place.node == nullptr) return system_failure("remove", path, ENOENT);
  const auto directory = std::dynamic_pointer_cast<DirectoryNode>(place.node);
  if (place.node == state_->root || (directory && !directory->entries.empty()))
    return system_failure("remove", path, ENOTEMPTY);
  state_->change_names({{place.directory, place.name, nullptr}});
  return {};
}

Result<> SimFileSystem::remove_all(const std::string& path) {
  const Guard guard(state_->mutex);
  const Place place = state_->find(path);
  if (place.node == nullptr) return {};
  if (const auto directory = std::dynamic_pointer_cast<DirectoryNode>(place.node))
    BOLIDE_CHECK(state_->remove_below(directory, path));
  if (place.node == state_->root) return {};
  BOLIDE_CHECK(state_->admit(FileOperation::remove, path, true));
  state_->change_names({{place.directory, place.name, nullptr}});
  return {};
}

Result<> SimFileSystem::rename(const std::string& from, const std::string& to) {
  const Guard guard(state_->mutex);
  BOLIDE_CHECK(state_->admit(FileOperation::rename, from, true));
  const Place source = state_->find(from);
  const Place target = state_->find(to);
  const std::string what = "rename " + from + " to";
  if (source.node == nullptr || target.directory == nullptr)
    return system_failure(what, to, ENOENT);
  if (source.node == target.node) return {};
  if (target.node != nullptr) {
    const bool from_file = std::dynamic_pointer_cast<FileNode>(source.node) != nullptr;
    const auto over = std::dynamic_pointer_cast<DirectoryNode>(target.node);
    if (from_file && over) return system_failure(what, to, EISDIR);
    if (!from_file && !over) return system_failure(what, to, ENOTDIR);
    if (over && !over->entries.empty()) return system_failure(what, to, ENOTEMPTY);
  }
  state_->change_names(
      {{target.directory, target.name, source.node}, {source.directory, source.name, nullptr}});
  return {};
}

Result<> SimFileSystem::sync_directory(const std::string& path) {
  const Guard guard(state_->mutex);
  BOLIDE_CHECK(state_->admit(FileOperation::sync_directory, path, true));
  const auto directory = state_->find_directory(path);
  if (directory == nullptr) return system_failure("open directory", path, ENOENT);
  state_->sync_names(directory);
  return {};
}

Result<SpaceInfo> SimFileSystem::space(const std::string& path) {
  const Guard guard(state_->mutex);
  BOLIDE_CHECK(state_->admit(FileOperation::space, path, false));
  if (state_->find(path).node == nullptr) return system_failure("statvfs", path, ENOENT);
  const sim::Space& space = *state_->space;
  const std::uint64_t free =
      space.capacity_pages > space.used_pages ? space.capacity_pages - space.used_pages : 0;
  return SpaceInfo{.total_bytes = space.capacity_pages * sim::page_bytes,
                   .free_bytes = free * sim::page_bytes};
}

void SimFileSystem::crash_with(Random* random) {
  const Guard guard(state_->mutex);
  state_->crash(random);
}

void SimFileSystem::crash() {
  crash_with(nullptr);
}
void SimFileSystem::crash(Random& random) {
  crash_with(&random);
}

void SimFileSystem::kill() {
  const Guard guard(state_->mutex);
  ++state_->generation;
}

void SimFileSystem::fail_at(FileOperation operation, int nth, Errc code, bool forever) {
  BOLIDE_ASSERT(nth > 0);
  const Guard guard(state_->mutex);
  state_->faults.add({.operation = operation, .countdown = nth, .code = code, .forever = forever});
}

void SimFileSystem::cut_power_at(int nth) {
  BOLIDE_ASSERT(nth > 0);
  const Guard guard(state_->mutex);
  state_->faults.cut_power_at(nth);
}

bool SimFileSystem::power_is_off() const {
  const Guard guard(state_->mutex);
  return state_->faults.power_is_off();
}

void SimFileSystem::clear_faults() {
  const Guard guard(state_->mutex);
  state_->faults.clear();
}

void SimFileSystem::set_capacity(std::uint64_t bytes) {
  const Guard guard(state_->mutex);
  state_->space->capacity_pages = bytes / sim::page_bytes;
}

void SimFileSystem::set_cached(bool cached) {
  const Guard guard(state_->mutex);
  state_->cached = cached;
}

void SimFileSystem::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const Guard guard(state_->mutex);
  const auto node = std::dynamic_pointer_cast<FileNode>(state_->find(path).node);
  BOLIDE_ASSERT(node != nullptr);
  node->flip_bit(offset, bit);
}

std::uint64_t SimFileSystem::count(FileOperation operation) const {
  const Guard guard(state_->mutex);
  return state_->faults.count(operation);
}

std::uint64_t SimFileSystem::count_of_changes() const {
  const Guard guard(state_->mutex);
  return state_->faults.count_of_changes();
}

}  // namespace bolide::os
