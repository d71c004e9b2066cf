// SPDX-License-Identifier: Apache-2.0
//
// The tree and the journal of names of a simulated disk.
// Runs on: any agent, under the lock.  Owns: nothing more.  Invariant: see sim_state.h.
#include "os/sim_state.h"

#include "base/strings.h"

#include <algorithm>

namespace bolide::os::sim {

Place State::find(std::string_view path) const {
  Place place{.directory = root, .name = "", .node = root};
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    place.directory = std::dynamic_pointer_cast<DirectoryNode>(place.node);
    place.name = part;
    place.node = nullptr;
    if (place.directory == nullptr) return place;
    const auto entry = place.directory->entries.find(place.name);
    if (entry != place.directory->entries.end()) place.node = entry->second;
  }
  return place;
}

std::shared_ptr<DirectoryNode> State::find_directory(std::string_view path) const {
  return std::dynamic_pointer_cast<DirectoryNode>(find(path).node);
}

void State::change_names(NameChanges changes) {
  for (const NameChange& change : changes)
    DirectoryNode::set(change.directory->entries, change.name, change.node);
  journal.push_back(std::move(changes));
}

void State::sync_names(const std::shared_ptr<DirectoryNode>& directory) {
  directory->sync();
  for (NameChanges& changes : journal)
    std::erase_if(changes, [&](const NameChange& change) { return change.directory == directory; });
  std::erase_if(journal, [](const NameChanges& changes) { return changes.empty(); });
}

Result<> State::remove_below(const std::shared_ptr<DirectoryNode>& directory,
                             const std::string& path) {
  while (!directory->entries.empty()) {
    const auto [name, node] = *directory->entries.begin();
    std::string below = path;
    below.append("/").append(name);
    if (const auto child = std::dynamic_pointer_cast<DirectoryNode>(node))
      BOLIDE_CHECK(remove_below(child, below));
    BOLIDE_CHECK(admit(FileOperation::remove, below, true));
    change_names({{directory, name, nullptr}});
  }
  return {};
}

void State::crash(Random* random) {
  // A journalling file system writes name changes in order: some first ones may be on the disk.
  const std::size_t kept =
      random == nullptr ? 0 : static_cast<std::size_t>(random->below(journal.size() + 1));
  for (std::size_t i = 0; i < kept; ++i) {
    for (const NameChange& change : journal[i])
      DirectoryNode::set(change.directory->durable, change.name, change.node);
  }
  journal.clear();
  root->crash(random);
  ++generation;
  faults.restore_power();
}

Result<> State::admit(FileOperation operation, std::string_view path, bool changes) {
  const std::optional<Errc> code = faults.on_call(operation, changes);
  if (!code) return {};
  std::string context(name_of(operation));
  context += ' ';
  context += path;
  context += faults.power_is_off() ? ": the power is off" : ": fault on demand";
  return fail(*code, std::move(context));
}

}  // namespace bolide::os::sim
