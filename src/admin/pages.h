// SPDX-License-Identifier: Apache-2.0
//
// The pages that a server shows over HTTP: their paths, and who makes them.
// Runs on: serve agent.  Owns: the table.  Invariant: a page is made anew for each request.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::admin {

struct Page {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// One row per path; `doc` stands on the list of pages at "/".
struct PageRow {
  std::string path;
  std::string doc;
  std::function<Page()> make;
};

class Pages {
 public:
  explicit Pages(std::vector<PageRow> rows) : rows_(std::move(rows)) {}

  // The page of a path, the list of all at "/", else status 404.
  Page page(std::string_view path) const;

 private:
  std::vector<PageRow> rows_;
};

}  // namespace bolide::admin
