// SPDX-License-Identifier: Apache-2.0
//
// bolide group create.
// Runs on: the main thread.  Owns: nothing.  Invariant: see cli_create.h.
#include "app/cli_client.h"
#include "app/cli_create.h"
#include "app/overlay.h"

#include <algorithm>

namespace bolide::app {
namespace {

// As it is on the brokers that are meant; none where it has no settings there.
Result<std::vector<GroupShare>> present_group(const Admin& admin, const GroupSpec& wanted) {
  auto found = admin.describe_group(wanted.name);
  if (!found.ok() && found.status().code() == Errc::group_not_found)
    return std::vector<GroupShare>{};
  BOLIDE_TRY(GroupDescription group, checked(std::move(found)));
  if (wanted.cluster.empty()) return std::move(group.shares);
  BOLIDE_TRY(const auto brokers, checked(admin.brokers()));
  std::erase_if(group.shares, [&](const GroupShare& share) {
    return std::ranges::none_of(brokers, [&](const BrokerInfo& broker) {
      return broker.name == share.broker && broker.cluster == wanted.cluster;
    });
  });
  return std::move(group.shares);
}

template <class T>
Present<T> present_of(const std::vector<GroupShare>& shares, T GroupSpec::* member) {
  Present<T> present;
  for (const GroupShare& share : shares) present.emplace_back(share.broker, share.settings.*member);
  return present;
}

struct FlagSetting {
  std::string_view name;
  bool GroupSpec::* member;
  std::string_view yes;
  std::string_view no;
};
constexpr FlagSetting flag_settings[] = {
    {"ordered", &GroupSpec::ordered, "--ordered", "--not-ordered"},
    {"broadcasting", &GroupSpec::broadcasting, "--broadcasting", "--no-broadcasting"},
    {"enabled", &GroupSpec::enabled, "--enabled", "--disabled"},
};
struct NumberSetting {
  Setting setting;
  int GroupSpec::* member;
};
constexpr NumberSetting number_settings[] = {
    {{"retries", "--retries"}, &GroupSpec::retries_max},
    {{"retry queues", "--retry-queues"}, &GroupSpec::retry_queues},
};

}  // namespace

Exit create_group(const Arguments& arguments, Streams streams) {
  GroupSpec group{.name = arguments.text("GROUP"), .cluster = arguments.text("--cluster")};
  BOLIDE_TRY(const Admin admin, open_admin(arguments));
  BOLIDE_TRY(const auto present, present_group(admin, group));
  Overlay overlay("group", group.name);
  for (const auto& [setting, member] : number_settings) {
    BOLIDE_TRY(group.*member, overlay.take(setting, present_of(present, member),
                                           number_of(arguments, setting.option), group.*member));
  }
  for (const auto& [name, member, yes, no] : flag_settings) {
    BOLIDE_TRY(const auto given, either_of(arguments, yes, no));
    const std::string options = std::string(yes) + " or " + std::string(no);
    BOLIDE_TRY(group.*member, overlay.take({name, options}, present_of(present, member), given,
                                           bool{group.*member}));
  }
  BOLIDE_CHECK(checked(admin.put_group(group)));
  overlay.print_done(arguments, streams.out, !present.empty());
  return {};
}

}  // namespace bolide::app
