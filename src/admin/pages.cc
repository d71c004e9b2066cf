// SPDX-License-Identifier: Apache-2.0
//
// Finding a page.
// Runs on: serve agent.  Owns: see pages.h.  Invariant: see pages.h.
#include "admin/pages.h"

#include <algorithm>

namespace bolide::admin {

Page Pages::page(std::string_view path) const {
  path = path.substr(0, path.find('?'));
  const auto found = std::ranges::find(rows_, path, &PageRow::path);
  if (found != rows_.end()) return found->make();
  std::string list;
  for (const PageRow& row : rows_) list.append(row.path).append("  ").append(row.doc).append("\n");
  if (path == "/") return {.body = std::move(list)};
  return {.status = 404, .body = "no such page; there are:\n" + list};
}

}  // namespace bolide::admin
