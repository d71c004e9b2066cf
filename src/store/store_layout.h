// SPDX-License-Identifier: Apache-2.0
//
// The names in a store directory: Apache RocketMQ's (rocketmq disk 4) and ours below bolide/.
// Runs on: any agent.  Owns: names.  Invariant: part of the disk format.
#pragma once

#include "base/result.h"
#include "os/file_system.h"

#include <string>

namespace bolide::store {

struct StoreLayout {
  explicit StoreLayout(const std::string& directory)
      : root(directory),
        log(directory + "/commitlog"),
        lock(directory + "/lock"),
        abort(directory + "/abort"),
        own(directory + "/bolide"),
        index(own + "/index"),
        checkpoint(own + "/checkpoint"),
        marks(own + "/marks") {}

  std::string root;
  std::string log;
  std::string lock;
  std::string abort;  // there while a server runs on the directory, as Apache's broker has it
  std::string own;
  std::string index;
  std::string checkpoint;
  std::string marks;
};

// Whether the directory is absent, empty or a store. Changes nothing. Errors: not_a_store naming a
// foreign file, no_permission, io.
Result<> check_directory(os::FileSystem& fs, const StoreLayout& layout);

}  // namespace bolide::store
