// SPDX-License-Identifier: Apache-2.0
//
// Filters as brokers are told of them.
// Runs on: see filters.h.  Owns: nothing.  Invariant: none.
#include "client/filters.h"

#include "base/crc.h"
#include "base/strings.h"
#include "client/admin_calls.h"
#include "client/message.h"
#include "protocols/remoting/wire/request_codes.h"

#include <utility>
#include <vector>

namespace bolide::client {
namespace {

std::vector<std::string> tags_of(const Filter& filter) {
  std::vector<std::string> tags;
  if (filter.kind != Filter::Kind::tags || trim(filter.expression) == "*") return tags;
  std::string_view rest = filter.expression;
  while (!rest.empty()) {
    const std::size_t end = rest.find("||");
    const std::string_view tag = trim(rest.substr(0, end));
    if (!tag.empty()) tags.emplace_back(tag);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  }
  return tags;
}

std::string check_body(const Core& core, const std::string& group, const std::string& topic,
                       const Filter& filter) {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.member("clientId", core.settings().id);
  out.member("group", group);
  out.key("subscriptionData");
  write_subscription(out, topic, filter, 0);
  out.end_object();
  return body;
}

}  // namespace

std::string_view type_name(const Filter& filter) {
  return filter.kind == Filter::Kind::sql92 ? "SQL92" : "TAG";
}

bool is_wanted(const Filter& filter, std::string_view tag) {
  return filter.kind != Filter::Kind::tags || tag_matches(filter.expression, tag);
}

void write_subscription(JsonWriter& out, const std::string& topic, const Filter& filter,
                        std::int64_t version) {
  const auto tags = tags_of(filter);
  out.begin_object();
  out.member("classFilterMode", false);
  out.key("codeSet");
  out.begin_array();
  for (const std::string& tag : tags) out.value(java_hash(tag));
  out.end_array();
  out.member("expressionType", type_name(filter));
  out.member("subString", filter.expression);
  out.member("subVersion", version);
  out.key("tagsSet");
  out.begin_array();
  for (const std::string& tag : tags) out.value(tag);
  out.end_array();
  out.member("topic", topic);
  out.end_object();
}

Result<> check_filters(const std::shared_ptr<Core>& core, const std::string& group,
                       const std::map<std::string, Filter>& filters) {
  const AdminCalls calls(core);
  for (const auto& [topic, filter] : filters) {
    if (filter.kind == Filter::Kind::tags) continue;
    const auto route = calls.route(topic);
    if (!route || route->brokers.empty()) continue;
    const auto checked = calls.ask({.address = route->brokers.front().address(),
                                    .what = "filter of topic " + topic,
                                    .code = remoting::request_code::check_client_config,
                                    .body = check_body(*core, group, topic, filter)});
    if (checked) continue;
    const Errc code = checked.error().code;
    if (code != Errc::connection_failed && code != Errc::connection_closed && code != Errc::timeout)
      return Failure(checked.error());
  }
  return {};
}

}  // namespace bolide::client
