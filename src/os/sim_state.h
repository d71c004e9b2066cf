// SPDX-License-Identifier: Apache-2.0
//
// All of a simulated disk, shared by the file system and its open files.
// Runs on: any agent.  Owns: the tree, the journal of names, the faults.
// Invariant: `mutex` guards the rest; name changes go through `change_names`.
#pragma once

#include "base/result.h"
#include "os/sim_faults.h"
#include "os/sim_node.h"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bolide::os::sim {

// One name that a call changed; a null node: taken away.
struct NameChange {
  std::shared_ptr<DirectoryNode> directory;
  std::string name;
  NodePtr node;
};
// What one call changed: it reaches the disk whole or not at all.
using NameChanges = std::vector<NameChange>;

// A path taken apart: the directory that has (or would have) the name, and what the name means.
struct Place {
  std::shared_ptr<DirectoryNode> directory;  // null: there is no such directory
  std::string name;                          // empty: the root
  NodePtr node;                              // null: no such name
};

struct State {
  mutable std::mutex mutex;
  std::shared_ptr<Space> space = std::make_shared<Space>();
  std::shared_ptr<DirectoryNode> root = std::make_shared<DirectoryNode>();
  std::vector<NameChanges> journal;  // not durable yet, oldest first
  FaultPlan faults;
  std::uint64_t generation = 0;  // lives of the process; Files of an earlier one are dead
  bool cached = true;

  Place find(std::string_view path) const;
  std::shared_ptr<DirectoryNode> find_directory(std::string_view path) const;
  void change_names(NameChanges changes);
  void sync_names(const std::shared_ptr<DirectoryNode>& directory);
  // Removes the names below `directory`, each as its own call.
  Result<> remove_below(const std::shared_ptr<DirectoryNode>& directory, const std::string& path);
  void crash(Random* random);
  // Counts the call and gives the error that is planned for it.
  Result<> admit(FileOperation operation, std::string_view path, bool changes);
};

}  // namespace bolide::os::sim
