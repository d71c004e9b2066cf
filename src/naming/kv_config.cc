// SPDX-License-Identifier: Apache-2.0
//
// KvConfig and the form of kvConfig.json.
// Runs on: core agent.  Owns: nothing more.  Invariant: see kv_config.h.
#include "naming/kv_config.h"

#include "naming/json_parts.h"

namespace bolide::naming {

Result<> KvConfig::load(std::string_view json) {
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    table_.clear();
    return {};
  }
  BOLIDE_TRY(table_, decode_json<KvNamespaces>(json, [](JsonReader& in, KvNamespaces* spaces) {
               in.object([&](JsonKey key) {
                 if (key != "configTable") return;
                 read_map(in, spaces, [&] {
                   KvTable table;
                   read_map(in, &table, [&] { return std::string(in.text()); });
                   return table;
                 });
               });
             }));
  return {};
}

std::string KvConfig::json() const {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  out.key("configTable");
  write_map(out, table_, [&](const KvTable& table) { write_values(out, table); });
  out.end_object();
  return json;
}

Result<> KvConfig::save_or_restore(KvNamespaces before) {
  auto saved = save_(json());
  if (!saved) table_ = std::move(before);
  return saved;
}

Result<> KvConfig::put(std::string_view space, std::string_view key, std::string_view value) {
  KvNamespaces before = table_;
  table_[std::string(space)][std::string(key)] = value;
  return save_or_restore(std::move(before));
}

Result<> KvConfig::erase(std::string_view space, std::string_view key) {
  if (find(space, key) == nullptr) return {};
  KvNamespaces before = table_;
  KvTable& table = table_.find(space)->second;
  table.erase(table.find(key));
  return save_or_restore(std::move(before));
}

const std::string* KvConfig::find(std::string_view space, std::string_view key) const {
  const KvTable* table = find(space);
  if (table == nullptr) return nullptr;
  const auto found = table->find(key);
  return found == table->end() ? nullptr : &found->second;
}

const KvTable* KvConfig::find(std::string_view space) const {
  const auto found = table_.find(space);
  return found == table_.end() ? nullptr : &found->second;
}

}  // namespace bolide::naming
