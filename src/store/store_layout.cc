// SPDX-License-Identifier: Apache-2.0
//
// Telling a store's directory from others.
// Runs on: the thread that opens the store.  Owns: nothing.  Invariant: changes nothing.
#include "store/store_layout.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace bolide::store {
namespace {

// What Apache RocketMQ or a Bolide server may have left where there is no log yet.
constexpr std::string_view known_names[] = {
    "abort",        "batchconsumequeue", "bolide",     "brokerIdentity",
    "checkpoint",   "commitlog",         "compaction", "config",
    "consumequeue", "consumequeue_ext",  "dledger",    "epochFileCheckpoint",
    "index",        "kvStore",           "lock",       "lost+found",
    "rocksdb",      "timerlog",          "timerwheel", "transaction",
    "indexRocksDB", "rocksdbstore"};

bool known(std::string_view name) {
  if (name.starts_with('.')) return true;
  return std::any_of(std::begin(known_names), std::end(known_names), [&](std::string_view row) {
    if (!name.starts_with(row)) return false;
    const std::string_view rest = name.substr(row.size());
    return rest.empty() || rest.front() == '.' || rest.front() == '-' || rest.front() == '_';
  });
}

}  // namespace

Result<> check_directory(os::FileSystem& fs, const StoreLayout& layout) {
  if (!fs.exists(layout.root) || fs.exists(layout.log) || fs.exists(layout.own)) return {};
  BOLIDE_TRY(const std::vector<std::string> names, fs.list(layout.root));
  const auto foreign = std::find_if_not(names.begin(), names.end(), known);
  if (foreign == names.end()) return {};
  return fail(Errc::not_a_store, layout.root + ": has " + *foreign + " in it and no commitlog");
}

}  // namespace bolide::store
