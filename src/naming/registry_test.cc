// SPDX-License-Identifier: Apache-2.0
//
// Tests of the route registry: each rule as seen on a running Apache RocketMQ 5.5.0 name server,
// but where a comment says otherwise.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "naming/registry.h"

#include <gtest/gtest.h>

namespace bolide::naming {
namespace {

constexpr std::int32_t read_write = 6;
constexpr std::int32_t read_only = 4;

TopicConfig topic(const std::string& name, std::int32_t permission = read_write) {
  return {.name = name,
          .read_queues = 4,
          .write_queues = 8,
          .permission = permission,
          .attributes = {}};
}

RegisterRequest request(std::int64_t id, const std::string& address,
                        std::vector<TopicConfig> topics) {
  RegisterRequest request;
  request.cluster = "C";
  request.broker_name = "a";
  request.broker_id = id;
  request.address = address;
  request.ha_address = address + "/ha";
  request.connection = static_cast<ConnectionId>(id + 1);
  request.body.table.version.counter = 1;
  request.body.table.topics = std::move(topics);
  return request;
}

class RouteRegistryTest : public testing::Test {
 protected:
  RegisterAnswer add(const RegisterRequest& request) {
    return registry_.register_broker(request, clock_.now());
  }
  // Master of broker `name` at address `name`:0 with topics T and U.
  RegisterRequest master(const std::string& name = "a") {
    RegisterRequest r = request(0, name + ":0", {topic("T"), topic("U")});
    r.broker_name = name;
    return r;
  }
  RegisterRequest slave(std::int64_t id = 1) {
    return request(id, "a:" + std::to_string(id), {topic("T"), topic("S")});
  }
  std::vector<std::string> topics() { return registry_.all_topics().topics; }
  std::int32_t permission(const std::string& topic) {
    const auto route = registry_.route(topic);
    return route ? route->queues.at(0).permission : -1;
  }
  std::map<std::int64_t, std::string> addresses(const std::string& name = "a") {
    return registry_.member_group("C", name).addresses;
  }
  using Names = std::vector<std::string>;

  ManualClock clock_;
  RouteRegistry registry_;
};

TEST_F(RouteRegistryTest, an_empty_registry_knows_nothing) {
  EXPECT_FALSE(registry_.route("T"));
  EXPECT_EQ(registry_.all_topics(), TopicList{});
  EXPECT_EQ(registry_.system_topics(), TopicList{});
  EXPECT_EQ(registry_.cluster_info(), ClusterInfo{});
  EXPECT_EQ(registry_.member_group("C", "x"),
            (MemberGroup{.cluster = "C", .broker_name = "x", .addresses = {}}));
}

TEST_F(RouteRegistryTest, a_registered_master_serves_its_topics) {
  EXPECT_EQ(add(master()).outcome, RegisterOutcome::accepted);
  const auto route = registry_.route("T");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->queues,
            (std::vector<QueueData>{
                {.broker_name = "a", .read_queues = 4, .write_queues = 8, .permission = 6}}));
  EXPECT_EQ(route->brokers,
            (std::vector<BrokerData>{
                {.cluster = "C", .broker_name = "a", .addresses = {{0, "a:0"}}, .zone = {}}}));
  EXPECT_FALSE(route->order_conf);
  EXPECT_EQ(topics(), (Names{"T", "U"}));
}

TEST_F(RouteRegistryTest, one_topic_of_a_broker_that_never_registered_is_refused) {
  const RegisterRequest single = request(0, "a:0", {topic("T")});
  EXPECT_EQ(add(single).outcome, RegisterOutcome::unknown_broker);
  EXPECT_EQ(registry_.cluster_info(), ClusterInfo{});  // Apache keeps a broker without address
  add(master());
  EXPECT_EQ(add(single).outcome, RegisterOutcome::accepted);
}

TEST_F(RouteRegistryTest, a_broker_without_topics_is_accepted) {
  EXPECT_EQ(add(request(0, "a:0", {})).outcome, RegisterOutcome::accepted);
  EXPECT_EQ(addresses().size(), 1U);
}

TEST_F(RouteRegistryTest, with_the_same_data_version_only_new_topics_count) {
  add(master());
  add(request(0, "a:0", {topic("T", read_only), topic("V")}));
  EXPECT_EQ(permission("T"), read_write);
  EXPECT_EQ(topics(), (Names{"T", "U", "V"}));
}

TEST_F(RouteRegistryTest, with_another_data_version_topics_are_replaced_and_old_ones_stay) {
  add(master());
  RegisterRequest changed = request(0, "a:0", {topic("T", read_only), topic("V")});
  changed.body.table.version.counter = 2;
  add(changed);
  EXPECT_EQ(permission("T"), read_only);
  EXPECT_EQ(topics(), (Names{"T", "U", "V"}));
}

TEST_F(RouteRegistryTest, on_demand_a_registration_removes_topics_that_it_lacks) {
  registry_ = RouteRegistry({.delete_topics_on_registration = true});
  add(master());
  add(master("b"));
  add(request(0, "a:0", {topic("T"), topic("V")}));
  EXPECT_EQ(topics(), (Names{"T", "U", "V"}));
  EXPECT_EQ(registry_.route("U")->queues.size(), 1U) << "still on b";
  RegisterRequest b = request(0, "b:0", {topic("T"), topic("V")});
  b.broker_name = "b";
  add(b);
  EXPECT_EQ(topics(), (Names{"T", "V"}));
}

TEST_F(RouteRegistryTest, a_slave_learns_its_master_and_brings_no_topics) {
  add(master());
  RegisterRequest s = slave();
  s.body.table.topics[0].permission = 2;
  s.body.table.version.counter = 9;
  const RegisterAnswer answer = add(s);
  EXPECT_EQ(answer.master_address, "a:0");
  EXPECT_EQ(answer.ha_address, "a:0/ha");
  EXPECT_EQ(permission("T"), read_write);
  EXPECT_EQ(topics(), (Names{"T", "U"}));
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{0, "a:0"}, {1, "a:1"}}));
}

TEST_F(RouteRegistryTest, a_slave_without_master_is_told_nothing) {
  EXPECT_EQ(add(slave()).master_address, "");
  EXPECT_TRUE(topics().empty());
}

TEST_F(RouteRegistryTest, a_master_is_told_nothing) {
  EXPECT_EQ(add(master()).master_address, "");
  EXPECT_EQ(add(master()).ha_address, "");
}

TEST_F(RouteRegistryTest, the_lowest_slave_of_a_lost_master_brings_topics_to_be_read) {
  RegisterRequest prime = slave(2);
  prime.acting_master = true;
  add(prime);
  EXPECT_EQ(permission("S"), read_only);
  RegisterRequest other = slave(3);
  other.acting_master = true;
  other.body.table.topics.push_back(topic("X"));
  add(other);
  EXPECT_FALSE(registry_.route("X"));
}

TEST_F(RouteRegistryTest, the_lowest_slave_that_does_not_act_brings_topics_unchanged) {
  RegisterRequest prime = slave(2);
  prime.acting_master = false;
  add(prime);
  EXPECT_EQ(permission("S"), read_write);
}

TEST_F(RouteRegistryTest, a_slave_that_becomes_master_gives_up_its_old_id) {
  add(slave());
  RegisterRequest promoted = slave();
  promoted.broker_id = 0;
  add(promoted);
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{0, "a:1"}}));
}

TEST_F(RouteRegistryTest, another_address_takes_over_a_broker_id) {
  add(master());
  RegisterRequest other = request(0, "b:0", {topic("T"), topic("V")});
  EXPECT_EQ(add(other).outcome, RegisterOutcome::accepted);
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{0, "b:0"}}));
}

TEST_F(RouteRegistryTest, an_older_master_cannot_take_the_id_from_a_newer_one) {
  RegisterRequest elected = master();
  elected.body.table.version.state_version = 5;
  add(elected);
  RegisterRequest old = request(0, "old:0", {topic("T", read_only), topic("V")});
  old.body.table.version.state_version = 4;
  EXPECT_EQ(add(old).outcome, RegisterOutcome::outdated);
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{0, "a:0"}}));
  EXPECT_EQ(topics(), (Names{"T", "U"}));
  EXPECT_EQ(registry_.broker_count(), 1U);
}

TEST_F(RouteRegistryTest, an_outdated_slave_that_wants_to_be_master_leaves_its_id_too) {
  RegisterRequest elected = master();
  elected.body.table.version.state_version = 5;
  add(elected);
  add(slave());
  RegisterRequest old = slave();
  old.broker_id = 0;
  EXPECT_EQ(add(old).outcome, RegisterOutcome::outdated);
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{0, "a:0"}}));
}

TEST_F(RouteRegistryTest, a_replaced_address_leaves_the_tables_when_it_expires) {
  add(master());
  add(request(0, "b:0", {topic("T"), topic("V")}));
  EXPECT_EQ(registry_.broker_count(), 2U);
  clock_.advance_ms(60'000);
  registry_.heartbeat("C", "b:0", clock_.now());
  clock_.advance_ms(60'001);
  const auto gone = registry_.expire(clock_.now());  // Apache keeps it for ever
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].address, "a:0");
  EXPECT_EQ(gone[0].broker_name, "");
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{0, "b:0"}}));
  EXPECT_EQ(registry_.broker_count(), 1U);
}

TEST_F(RouteRegistryTest, warns_where_a_broker_that_lives_changes_its_address) {
  const auto said_by = [this](const RegisterRequest& request) {
    testing::internal::CaptureStderr();
    add(request);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said_by(master()), "");
  EXPECT_EQ(said_by(master()), "");
  const std::string said = said_by(request(0, "b:0", {topic("T")}));
  EXPECT_NE(said.find("broker a 0 of cluster C moves from a:0 to b:0"), std::string::npos) << said;
  registry_.unregister_broker({.cluster = "C", .broker_name = "a", .address = "b:0"});
  EXPECT_EQ(said_by(master()), "") << "nobody has the name";
}

TEST_F(RouteRegistryTest, unregistering_the_last_address_removes_broker_cluster_and_topics) {
  add(master());
  registry_.unregister_broker({.cluster = "C", .broker_name = "a", .address = "a:0"});
  EXPECT_EQ(registry_.cluster_info(), ClusterInfo{});
  EXPECT_EQ(registry_.topic_count(), 0U);
  EXPECT_EQ(registry_.broker_count(), 0U);
}

TEST_F(RouteRegistryTest, unregistering_one_of_two_brokers_keeps_the_others_topics) {
  add(master("a"));
  add(master("b"));
  registry_.unregister_broker({.cluster = "C", .broker_name = "a", .address = "a:0"});
  const auto route = registry_.route("T");
  ASSERT_TRUE(route);
  ASSERT_EQ(route->queues.size(), 1U);
  EXPECT_EQ(route->queues[0].broker_name, "b");
  EXPECT_EQ(registry_.cluster_info().clusters["C"], (Names{"b"}));
}

TEST_F(RouteRegistryTest, unregistering_the_master_keeps_slave_and_topics) {
  add(master());
  add(slave());
  registry_.unregister_broker({.cluster = "C", .broker_name = "a", .address = "a:0"});
  EXPECT_EQ(permission("T"), read_write);
  EXPECT_EQ(addresses(), (std::map<std::int64_t, std::string>{{1, "a:1"}}));
}

TEST_F(RouteRegistryTest, topics_of_an_acting_broker_that_lost_its_master_can_only_be_read) {
  RegisterRequest m = master();
  RegisterRequest s = slave();
  m.acting_master = s.acting_master = true;
  add(m);
  add(s);
  registry_.unregister_broker({.cluster = "C", .broker_name = "a", .address = "a:0"});
  EXPECT_EQ(permission("T"), read_only);
}

TEST_F(RouteRegistryTest, unregistering_an_unknown_broker_changes_nothing) {
  add(master());
  registry_.unregister_broker({.cluster = "C", .broker_name = "zz", .address = "zz:0"});
  EXPECT_EQ(topics(), (Names{"T", "U"}));
}

TEST_F(RouteRegistryTest, a_closed_connection_takes_all_its_brokers_with_it) {
  RegisterRequest a = master("a");
  RegisterRequest b = master("b");
  a.connection = b.connection = 7;
  add(a);
  add(b);
  const auto gone = registry_.connection_closed(7);  // Apache forgets one only
  ASSERT_EQ(gone.size(), 2U);
  EXPECT_EQ(gone[0].broker_name, "a");
  EXPECT_EQ(gone[1].broker_name, "b");
  EXPECT_EQ(registry_.topic_count(), 0U);
}

TEST_F(RouteRegistryTest, closing_the_connection_before_the_last_one_changes_nothing) {
  RegisterRequest a = master();
  a.connection = 7;
  add(a);
  a.connection = 8;
  add(a);
  EXPECT_TRUE(registry_.connection_closed(7).empty());
  EXPECT_EQ(registry_.topic_count(), 2U);
}

TEST_F(RouteRegistryTest, a_broker_expires_after_two_minutes_of_silence) {
  add(master());
  clock_.advance_ms(120'000);
  EXPECT_TRUE(registry_.expire(clock_.now()).empty());
  clock_.advance_ms(1);
  const auto gone = registry_.expire(clock_.now());
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].broker_name, "a");
  EXPECT_EQ(gone[0].connection, 1U);
  EXPECT_FALSE(registry_.route("T"));
}

TEST_F(RouteRegistryTest, a_broker_may_name_its_own_timeout) {
  RegisterRequest a = master();
  a.heartbeat_timeout_ms = 1'000;
  add(a);
  clock_.advance_ms(1'001);
  EXPECT_EQ(registry_.expire(clock_.now()).size(), 1U);
}

TEST_F(RouteRegistryTest, heartbeats_registrations_and_version_queries_are_signs_of_life) {
  add(master());
  clock_.advance_ms(100'000);
  registry_.heartbeat("C", "a:0", clock_.now());
  clock_.advance_ms(100'000);
  EXPECT_TRUE(registry_.expire(clock_.now()).empty());
  registry_.query_data_version("C", "a:0", {}, clock_.now());
  clock_.advance_ms(100'000);
  EXPECT_TRUE(registry_.expire(clock_.now()).empty());
  add(master());
  clock_.advance_ms(100'000);
  EXPECT_TRUE(registry_.expire(clock_.now()).empty());
}

TEST_F(RouteRegistryTest, a_heartbeat_of_an_unknown_broker_changes_nothing) {
  registry_.heartbeat("C", "a:0", clock_.now());
  EXPECT_EQ(registry_.broker_count(), 0U);
}

TEST_F(RouteRegistryTest, a_version_query_tells_whether_to_register_again) {
  add(master());
  DataVersion version = master().body.table.version;
  VersionAnswer answer = registry_.query_data_version("C", "a:0", version, clock_.now());
  EXPECT_FALSE(answer.changed);
  EXPECT_EQ(answer.version, version);
  DataVersion next = version;
  ++next.counter;
  answer = registry_.query_data_version("C", "a:0", next, clock_.now());
  EXPECT_TRUE(answer.changed);
  EXPECT_EQ(answer.version, version);
  answer = registry_.query_data_version("C", "zz:0", version, clock_.now());
  EXPECT_TRUE(answer.changed);
  EXPECT_FALSE(answer.version);
}

TEST_F(RouteRegistryTest, filter_servers_stand_in_the_route_until_an_empty_list_removes_them) {
  RegisterRequest a = master();
  a.body.filter_servers = {"f:1"};
  add(a);
  using Table = std::map<std::string, Names>;
  EXPECT_EQ(registry_.route("T")->filter_servers, (Table{{"a:0", {"f:1"}}}));
  a.body.filter_servers.reset();
  add(a);
  EXPECT_EQ(registry_.route("T")->filter_servers, (Table{{"a:0", {"f:1"}}}));
  a.body.filter_servers = Names{};
  add(a);
  EXPECT_EQ(registry_.route("T")->filter_servers, Table{});
}

TEST_F(RouteRegistryTest, mappings_of_static_topics_stand_in_the_route) {
  RegisterRequest a = master();
  a.body.table.mappings["T"] = {
      .topic = "T", .total_queues = 2, .broker_name = "a", .current_ids = {}};
  add(a);
  EXPECT_EQ(registry_.route("T")->mappings.at("a").total_queues, 2);
  EXPECT_TRUE(registry_.route("U")->mappings.empty());
  registry_.delete_topic("T");
  a.body.table.mappings.clear();
  add(a);
  EXPECT_TRUE(registry_.route("T")->mappings.empty());
}

TEST_F(RouteRegistryTest, where_wanted_a_slave_is_shown_as_master_of_what_can_only_be_read) {
  registry_ = RouteRegistry({.support_acting_master = true});
  RegisterRequest two = slave(2);
  RegisterRequest three = slave(3);
  two.acting_master = three.acting_master = true;
  two.body.table.topics.push_back(topic("%SYS%_SYNC_BROKER_MEMBER_a"));
  add(two);
  add(three);
  using Addresses = std::map<std::int64_t, std::string>;
  EXPECT_EQ(registry_.route("T")->brokers.at(0).addresses, (Addresses{{0, "a:2"}, {3, "a:3"}}));
  EXPECT_EQ(registry_.route("%SYS%_SYNC_BROKER_MEMBER_a")->brokers.at(0).addresses,
            (Addresses{{2, "a:2"}, {3, "a:3"}}));
  registry_.add_write_permission("a");
  EXPECT_EQ(registry_.route("T")->brokers.at(0).addresses, (Addresses{{2, "a:2"}, {3, "a:3"}}));
}

TEST_F(RouteRegistryTest, write_permission_is_wiped_and_given_back_for_all_topics_of_a_broker) {
  add(master("a"));
  add(master("b"));
  EXPECT_EQ(registry_.wipe_write_permission("a"), 2);
  const auto route = registry_.route("T");
  EXPECT_EQ(route->queues.at(0).permission, read_only);
  EXPECT_EQ(route->queues.at(1).permission, read_write);
  EXPECT_EQ(registry_.add_write_permission("a"), 2);
  EXPECT_EQ(permission("T"), read_write);
  EXPECT_EQ(registry_.wipe_write_permission("zz"), 0);
}

TEST_F(RouteRegistryTest, a_wiped_permission_holds_until_the_data_version_changes) {
  add(master());
  registry_.wipe_write_permission("a");
  add(master());
  EXPECT_EQ(permission("T"), read_only);
  RegisterRequest changed = master();
  changed.body.table.version.counter = 2;
  add(changed);
  EXPECT_EQ(permission("T"), read_write);
}

TEST_F(RouteRegistryTest, a_topic_is_deleted_everywhere_or_in_one_cluster) {
  add(master("a"));
  RegisterRequest other = master("b");
  other.cluster = "D";
  add(other);
  registry_.delete_topic("T", "X");
  EXPECT_EQ(registry_.route("T")->queues.size(), 2U);
  registry_.delete_topic("T", "C");
  ASSERT_EQ(registry_.route("T")->queues.size(), 1U);
  EXPECT_EQ(registry_.route("T")->queues[0].broker_name, "b");
  registry_.delete_topic("T", "D");
  EXPECT_FALSE(registry_.route("T"));
  registry_.delete_topic("U");
  EXPECT_EQ(registry_.topic_count(), 0U);
  registry_.delete_topic("U");
}

TEST_F(RouteRegistryTest, a_topic_is_registered_on_known_brokers_only) {
  add(master());
  const QueueData known{.broker_name = "a", .read_queues = 1, .write_queues = 1, .permission = 6};
  const QueueData unknown{.broker_name = "q"};
  const QueueData both[] = {known, unknown};
  registry_.register_topic("R", both);
  EXPECT_FALSE(registry_.route("R"));
  registry_.register_topic("R", {});
  EXPECT_FALSE(registry_.route("R"));
  registry_.register_topic("R", std::span(both, 1));
  ASSERT_TRUE(registry_.route("R"));
  registry_.register_topic("T", both);
  EXPECT_EQ(registry_.route("T")->queues.size(), 1U);
  EXPECT_EQ(registry_.route("T")->queues[0].read_queues, 1);
}

TEST_F(RouteRegistryTest, topics_are_listed_by_cluster) {
  add(master("a"));
  RegisterRequest other = request(0, "b:0", {topic("T"), topic("V")});
  other.broker_name = "b";
  other.cluster = "D";
  add(other);
  EXPECT_EQ(registry_.topics_of_cluster("C").topics, (Names{"T", "U"}));
  EXPECT_EQ(registry_.topics_of_cluster("D").topics, (Names{"T", "V"}));
  EXPECT_TRUE(registry_.topics_of_cluster("X").topics.empty());
}

TEST_F(RouteRegistryTest, system_topics_are_the_names_of_clusters_and_brokers) {
  add(master("a"));
  add(slave());
  const TopicList list = registry_.system_topics();
  EXPECT_EQ(list.topics, (Names{"C", "a"}));
  EXPECT_EQ(list.broker_address, "a:0");
}

TEST_F(RouteRegistryTest, unit_topics_are_told_by_their_flags) {
  RegisterRequest a =
      request(0, "a:0", {topic("none"), topic("unit"), topic("sub"), topic("both")});
  a.body.table.topics[1].sys_flag = 1;
  a.body.table.topics[2].sys_flag = 2;
  a.body.table.topics[3].sys_flag = 3;
  add(a);
  EXPECT_EQ(registry_.unit_topics(TopicUnit::unit).topics, (Names{"both", "unit"}));
  EXPECT_EQ(registry_.unit_topics(TopicUnit::unit_subscription).topics, (Names{"both", "sub"}));
  EXPECT_EQ(registry_.unit_topics(TopicUnit::unit_subscription_only).topics, (Names{"sub"}));
}

TEST_F(RouteRegistryTest, cluster_info_has_all_brokers_and_clusters) {
  add(master("a"));
  add(slave());
  add(master("b"));
  const ClusterInfo info = registry_.cluster_info();
  EXPECT_EQ(info.clusters, (std::map<std::string, Names>{{"C", {"a", "b"}}}));
  ASSERT_EQ(info.brokers.size(), 2U);
  EXPECT_EQ(info.brokers.at("a").addresses.size(), 2U);
}

// Apache shows it in both clusters, with the first one in its route.
TEST_F(RouteRegistryTest, a_broker_that_moves_to_another_cluster_leaves_the_old_one) {
  add(master());
  RegisterRequest moved = master();
  moved.cluster = "D";
  add(moved);
  EXPECT_EQ(registry_.cluster_info().clusters, (std::map<std::string, Names>{{"D", {"a"}}}));
  EXPECT_EQ(registry_.route("T")->brokers.at(0).cluster, "D");
}

TEST_F(RouteRegistryTest, member_group_answers_with_the_cluster_it_was_asked_for) {
  add(master());
  const MemberGroup group = registry_.member_group("X", "a");
  EXPECT_EQ(group.cluster, "X");
  EXPECT_EQ(group.addresses.size(), 1U);
}

TEST_F(RouteRegistryTest, zone_mode_keeps_the_zone_and_brokers_without_master) {
  RegisterRequest here = master("here");
  here.zone = "Z1";
  here.body.filter_servers = {"f:1"};
  RegisterRequest there = master("there");
  there.zone = "z2";
  there.body.filter_servers = {"f:2"};
  RegisterRequest orphan = slave();
  orphan.acting_master = true;
  orphan.zone = "z2";
  add(here);
  add(there);
  add(orphan);
  TopicRoute route = registry_.route("T").value();
  keep_zone("z1", &route);
  Names names;
  for (const BrokerData& broker : route.brokers) names.push_back(broker.broker_name);
  EXPECT_EQ(names, (Names{"a", "here"}));
  names.clear();
  for (const QueueData& queue : route.queues) names.push_back(queue.broker_name);
  EXPECT_EQ(names, (Names{"a", "here"}));
  EXPECT_EQ(route.filter_servers, (std::map<std::string, Names>{{"here:0", {"f:1"}}}));
}

}  // namespace
}  // namespace bolide::naming
