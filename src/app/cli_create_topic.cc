// SPDX-License-Identifier: Apache-2.0
//
// bolide topic create.
// Runs on: the main thread.  Owns: nothing.  Invariant: see cli_create.h.
#include "app/arguments.h"
#include "app/cli_client.h"
#include "app/cli_create.h"
#include "app/overlay.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>

namespace bolide::app {
namespace {

// As it is in the clusters that are meant; without shares where it is not.
Result<TopicDescription> present_topic(const Admin& admin, const TopicSpec& wanted) {
  auto found = admin.describe_topic(wanted.name);
  if (!found.ok() && found.status().code() == Errc::topic_not_found)
    return TopicDescription{.name = wanted.name, .shares = {}, .queues = {}, .groups = {}};
  BOLIDE_TRY(TopicDescription topic, checked(std::move(found)));
  if (wanted.cluster.empty()) return topic;
  std::erase_if(topic.shares, [&](const auto& share) { return share.cluster != wanted.cluster; });
  std::erase_if(topic.queues, [&](const QueueRange& range) {
    return std::ranges::find(topic.shares, range.queue.broker, &TopicShare::broker) ==
           topic.shares.end();
  });
  return topic;
}

// A share may have more queues to read than to write, and the other way round.
Present<int> queues_of(const TopicDescription& topic) {
  Present<int> present;
  for (const TopicShare& share : topic.shares) {
    const bool same = share.read_queues == share.write_queues;
    present.emplace_back(share.broker + (same ? "" : " (read)"), share.read_queues);
    if (!same) present.emplace_back(share.broker + " (write)", share.write_queues);
  }
  return present;
}

Result<> check_shrink(const TopicDescription& topic, int queues) {
  int most = 0;
  for (const auto& [broker, count] : queues_of(topic)) most = std::max(most, count);
  if (queues >= most) return {};
  std::int64_t hidden = 0;
  for (const QueueRange& range : topic.queues) {
    if (range.queue.queue >= queues) hidden += range.next - range.first;
  }
  return Failure(
      Error{Errc::usage,
            fmt::format("topic {} has {} queues: with {} nobody would see the {} message{} in "
                        "those from number {} on",
                        topic.name, most, queues, hidden, hidden == 1 ? "" : "s", queues)}
          .fixed_by("if that is meant, give --shrink too"));
}

Result<> take_settings(const Arguments& arguments, const TopicDescription& present,
                       Overlay* overlay, TopicSpec* topic) {
  BOLIDE_TRY(topic->queues, overlay->take({"queues", "--queues"}, queues_of(present),
                                          number_of(arguments, "--queues"), topic->queues));
  if (!arguments.has("--shrink")) BOLIDE_CHECK(check_shrink(present, topic->queues));
  Present<std::string> perms;
  Present<bool> orders;
  for (const TopicShare& share : present.shares) {
    perms.emplace_back(share.broker, perm_text(share.readable, share.writable));
    orders.emplace_back(share.broker, share.order);
  }
  std::optional<std::string> perm_given;
  if (arguments.has("--perm")) perm_given = arguments.text("--perm");
  BOLIDE_TRY(const std::string perm, overlay->take({"perm", "--perm"}, perms, perm_given,
                                                   perm_text(topic->readable, topic->writable)));
  topic->readable = perm.find('r') != perm.npos;
  topic->writable = perm.find('w') != perm.npos;
  BOLIDE_TRY(const auto order_given, either_of(arguments, "--order", "--no-order"));
  BOLIDE_TRY(topic->order,
             overlay->take({"order", "--order or --no-order"}, orders, order_given, topic->order));
  return {};
}

// Null where the share has no such attribute.
Doc attribute_of(const TopicShare& share, const std::string& name) {
  const auto found = share.attributes.find(name);
  return found == share.attributes.end() ? Doc() : Doc(found->second);
}

// A server keeps attributes that a change does not name.
Result<> take_attributes(const Arguments& arguments, const TopicDescription& present,
                         Overlay* overlay, TopicSpec* topic) {
  for (const std::string& attribute : arguments.all("--attribute")) {
    BOLIDE_TRY(auto pair, parse_pair("--attribute", attribute));
    topic->attributes.insert_or_assign(std::move(pair.first), std::move(pair.second));
  }
  for (const auto& [name, value] : topic->attributes) {
    const auto other = std::ranges::find_if(present.shares, [&](const TopicShare& share) {
      const Doc now = attribute_of(share, name);
      return now.is_null() || *now.text() != value;
    });
    if (other != present.shares.end()) overlay->note(name, attribute_of(*other, name), value);
  }
  for (const std::string& name : arguments.all("--remove-attribute")) {
    if (topic->attributes.contains(name))
      return fail(Errc::usage, "--remove-attribute " + name + " does not go with --attribute");
    const auto has = std::ranges::find_if(
        present.shares, [&](const TopicShare& share) { return share.attributes.contains(name); });
    // Servers refuse to take away what is not there.
    if (has == present.shares.end() || std::ranges::count(topic->attributes_removed, name) > 0)
      continue;
    overlay->note(name, attribute_of(*has, name), Doc());
    topic->attributes_removed.push_back(name);
  }
  return {};
}

}  // namespace

std::string perm_text(bool readable, bool writable) {
  if (!readable && !writable) return "none";
  return std::string(readable ? "r" : "") + (writable ? "w" : "");
}

Exit create_topic(const Arguments& arguments, Streams streams) {
  TopicSpec topic{.name = arguments.text("TOPIC"), .cluster = arguments.text("--cluster")};
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const TopicDescription present, present_topic(admin, topic));
  Overlay overlay("topic", topic.name);
  BOLIDE_CHECK(take_settings(arguments, present, &overlay, &topic));
  BOLIDE_CHECK(take_attributes(arguments, present, &overlay, &topic));
  BOLIDE_CHECK(checked(admin.put_topic(topic)));
  overlay.print_done(arguments, streams.out, !present.shares.empty());
  return {};
}

}  // namespace bolide::app
