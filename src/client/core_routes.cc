// SPDX-License-Identifier: Apache-2.0
//
// Routes and heartbeats.
// Runs on: the client's agent.  Owns: see core.h.  Invariant: see core.h.
#include "base/fields_json.h"
#include "client/core.h"
#include "client/name_servers.h"
#include "client/route_queues.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <utility>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t heartbeat_interval_ms = 30'000;
constexpr std::int64_t refresh_pause_ms = 200;
constexpr std::int64_t names_interval_ms = 120'000;
// So long one that was away is not asked for what another has answered.
constexpr std::int64_t names_away_ms = 30'000;
// Brokers tell a name server that was restarted what they have every 30 s.
constexpr std::int64_t missing_ms_max = 180'000;

}  // namespace

RoutePtr Core::known_route(const std::string& topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : found->second.route;
}

void Core::route(const std::string& topic, OnRoute done) {
  TopicEntry& entry = topics_[topic];
  if (entry.route != nullptr) return done(entry.route);
  entry.waiting.push_back(std::move(done));
  if (!entry.asking) refresh_route(topic);
}

void Core::refresh_route(const std::string& topic) {
  TopicEntry& entry = topics_[topic];
  const bool just_asked = entry.route != nullptr && now_ms() - entry.asked_ms < refresh_pause_ms;
  if (entry.asking || just_asked) return;
  entry.asking = true;
  entry.asked_ms = now_ms();
  name_servers([this, topic](const Result<std::vector<net::Address>>& names) {
    if (!names) return end_route(topic, Failure(names.error()));
    ask_name_server({.topic = topic, .at = next_name_server_, .left = names->size()});
  });
}

void Core::doubt_route(const std::string& topic) {
  topics_[topic].doubted = true;
  refresh_route(topic);
}

void Core::name_servers(OnNames done) {
  if (!name_servers_.empty()) return done(name_servers_);
  waiting_for_names_.push_back(std::move(done));
  fetch_names();
}

void Core::fetch_names() {
  if (std::exchange(fetching_names_, true)) return;
  names_at_ms_ = now_ms() + names_interval_ms;
  http_get(runtime_.transport(), *settings_.name_list,
           [self = weak_from_this()](Result<std::string> list) {
             if (const auto core = self.lock()) core->take_names(std::move(list));
           });
}

void Core::take_names(Result<std::string> list) {
  fetching_names_ = false;
  auto names = list ? parse_name_servers(*list)
                    : Result<std::vector<net::Address>>(Failure(std::move(list).error()));
  if (names) name_servers_ = std::move(*names);
  Result<std::vector<net::Address>> known = name_servers_;
  if (name_servers_.empty()) known = Failure(std::move(names.error()).in("list of name servers"));
  for (OnNames& waiting : std::exchange(waiting_for_names_, {})) waiting(known);
}

void Core::ask_name_server(Lookup lookup) {
  const std::string address = name_servers_[lookup.at % name_servers_.size()].text();
  const std::vector<Arg> args{{"topic", lookup.topic}};
  call(address, request_code::get_route_info_by_topic, args,
       [self = weak_from_this(), address, lookup = std::move(lookup)](Result<Reply> reply) mutable {
         const auto core = self.lock();
         if (core == nullptr) return;
         // Several look-ups may find out together that it is away.
         if (!reply && core->next_name_server_ == lookup.at) ++core->next_name_server_;
         if (!reply) core->names_away_ms_[address] = core->now_ms();
         core->take_route(std::move(lookup), std::move(reply));
       });
}

bool Core::find_next_server(Lookup* lookup) const {
  for (--lookup->left, ++lookup->at; lookup->left > 0; --lookup->left, ++lookup->at) {
    const auto away = names_away_ms_.find(name_servers_[lookup->at % name_servers_.size()].text());
    const bool is_away = away != names_away_ms_.end() && now_ms() - away->second < names_away_ms;
    if (!lookup->missing || !is_away) return true;
  }
  return false;
}

void Core::take_route(Lookup lookup, Result<Reply> reply) {
  const std::string topic = lookup.topic;
  const bool missing = reply && reply->code() == response_code::topic_not_exist;
  lookup.missing |= missing;
  if (!reply || missing) {
    if (find_next_server(&lookup)) return ask_name_server(std::move(lookup));
    if (lookup.missing) return end_missing(topic);
    return end_route(topic, Failure(std::move(reply.error()).in("route of topic " + topic)));
  }
  if (reply->code() != response_code::success)
    return end_route(topic, server_failure("route of topic " + topic, "name server", *reply));
  TopicEntry& entry = topics_[topic];
  entry.doubted = false;
  entry.missing_since_ms.reset();
  if (entry.route != nullptr && entry.text == reply->body) return end_route(topic, entry.route);
  auto route = from_json<TopicRoute>(reply->body);
  if (!route) return end_route(topic, Failure(std::move(route).error()));
  entry.text = reply->body;
  end_route(topic, std::make_shared<const TopicRoute>(std::move(*route)));
}

// A name server that was restarted knows no topic until the brokers have told it theirs: what is
// known is used on for a while, unless a broker does not know the topic either.
void Core::end_missing(const std::string& topic) {
  TopicEntry& entry = topics_[topic];
  if (!entry.missing_since_ms) entry.missing_since_ms = now_ms();
  const bool is_new = now_ms() - *entry.missing_since_ms < missing_ms_max;
  if (entry.route != nullptr && is_new && !entry.doubted) return end_route(topic, entry.route);
  end_route(topic, fail(Errc::topic_not_found, topic));
}

void Core::end_route(const std::string& topic, const Result<RoutePtr>& result) {
  TopicEntry& entry = topics_[topic];
  entry.asking = false;
  const bool changed = result && entry.route != *result;
  if (result) entry.route = *result;
  // A topic that is gone is forgotten; while no name server answers, what is known is used on.
  const bool gone = !result && result.error().code == Errc::topic_not_found;
  if (gone) entry.route = nullptr;
  if (!result && !gone) entry.missing_since_ms.reset();
  auto waiting = std::exchange(entry.waiting, {});
  if (!result && entry.route == nullptr) topics_.erase(topic);
  if (changed) {
    entry.logical = logical_queues(**result, topic);
    heartbeat_soon();
    for (Member* const member : std::vector<Member*>(members_)) {
      if (std::ranges::find(members_, member) != members_.end()) member->on_route(topic, *result);
    }
  }
  for (OnRoute& done : waiting) done(result);
}

std::string Core::broker_address(const std::string& broker, bool any) const {
  for (const auto& [topic, entry] : topics_) {
    if (entry.route == nullptr) continue;
    const BrokerData* const data = entry.route->broker(broker);
    if (data != nullptr && (any || data->has_master())) return data->address();
  }
  return {};
}

std::string Core::broker_address(const QueueId& queue, bool any) const {
  if (!is_logical(queue.broker)) return broker_address(queue.broker, any);
  const auto topic = topics_.find(queue.topic);
  if (topic == topics_.end()) return {};
  const auto found = topic->second.logical.find(queue);
  return found == topic->second.logical.end() ? std::string() : broker_address(found->second, any);
}

void Core::heartbeat_soon() {
  heartbeat_due_ = true;
}

std::set<std::string> Core::heartbeat_targets() const {
  std::set<std::string> targets;
  for (const Member* const member : members_) {
    for (const std::string& topic : member->topics()) {
      const RoutePtr route = known_route(topic);
      if (route == nullptr) continue;
      for (const BrokerData& broker : route->brokers) {
        for (const auto& [id, address] : broker.addresses) {
          if (member->consumes() || id == master_id) targets.insert(address);
        }
      }
    }
  }
  return targets;
}

std::string Core::heartbeat_body() const {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.member("clientID", settings_.id);
  out.key("consumerDataSet");
  out.begin_array();
  for (const Member* const member : members_) {
    if (member->consumes()) member->write_heartbeat(out);
  }
  out.end_array();
  out.member("heartbeatFingerprint", 0);
  out.key("producerDataSet");
  out.begin_array();
  std::set<std::string> groups;
  for (const Member* const member : members_) {
    if (!member->consumes()) groups.insert(member->group());
  }
  for (const std::string& group : groups) {
    out.begin_object();
    out.member("groupName", group);
    out.end_object();
  }
  out.end_array();
  out.member("withoutSub", false);
  out.end_object();
  return body;
}

void Core::heartbeat() {
  heartbeat_due_ = false;
  heartbeat_at_ms_ = now_ms() + heartbeat_interval_ms;
  const auto targets = heartbeat_targets();
  if (targets.empty()) return;
  const std::string body = heartbeat_body();
  for (const std::string& address : targets) {
    call(address, Call{.code = request_code::heart_beat, .fields = {}, .body = body},
         [](const Result<Reply>&) {});
  }
}

void Core::unregister(const Member& member, const FarewellPtr& farewell) {
  // Brokers know us by the group: others of it go on.
  const auto same = [&](const Member* other) {
    return other != &member && other->consumes() == member.consumes() &&
           other->group() == member.group();
  };
  if (std::ranges::any_of(members_, same)) return;
  const std::string_view name = member.consumes() ? "consumerGroup" : "producerGroup";
  for (const std::string& address : heartbeat_targets()) {
    call(address, request_code::unregister_client,
         {{"clientID", settings_.id}, {name, member.group()}}, [farewell](const Result<Reply>&) {});
  }
}

}  // namespace bolide::client
