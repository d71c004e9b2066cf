// SPDX-License-Identifier: Apache-2.0
//
// A subscription, compiled.
// Runs on: core agent.  Owns: the hashes.  Invariant: see subscription.h.
#include "broker/subscription.h"

#include "base/crc.h"
#include "base/strings.h"
#include "broker/filter/sql_parser.h"

#include <algorithm>

namespace bolide::broker {

Result<std::shared_ptr<const TagSet>> TagSet::compile(std::string_view expression) {
  auto set = std::make_shared<TagSet>();
  const std::string_view whole = trim(expression);
  if (whole.empty() || whole == "*") return set;
  // RocketMQ cuts at "||" and drops blank parts; single bars belong to a tag.
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::size_t bar = rest.find("||");
    const std::string_view tag = trim(rest.substr(0, bar));
    if (!tag.empty()) set->hashes_.push_back(java_hash(tag));
    rest = bar == rest.npos ? std::string_view{} : rest.substr(bar + 2);
  }
  if (set->hashes_.empty()) {
    return fail(Errc::subscription_invalid, "no tag in \"" + std::string(expression) + "\"");
  }
  std::ranges::sort(set->hashes_);
  return set;
}

bool TagSet::matches(std::int32_t hash) const {
  return hashes_.empty() || std::ranges::binary_search(hashes_, hash);
}

store::TagFilter TagSet::filter() const {
  if (hashes_.empty()) return {};
  return {.matches =
              [](const void* context, std::int32_t hash) {
                return static_cast<const TagSet*>(context)->matches(hash);
              },
          .context = this};
}

Result<Matcher> Matcher::compile(std::string_view expression, std::string_view type) {
  Matcher matcher;
  if (type.empty() || type == "TAG") {
    BOLIDE_TRY(matcher.tags, TagSet::compile(expression));
  } else if (type == "SQL92") {
    BOLIDE_TRY(matcher.sql, compile_sql(expression));
  } else {
    return fail(Errc::subscription_invalid,
                "filters are of type TAG or SQL92, not \"" + std::string(type) + "\"");
  }
  return matcher;
}

}  // namespace bolide::broker
