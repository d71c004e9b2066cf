// SPDX-License-Identifier: Apache-2.0
//
// Precedence, origins, and the messages for mistakes.
#include "table/options.h"
#include "table/rocketmq_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bolide::table {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Given {
  std::string path = "bolide.toml";
  std::string file;
  std::vector<std::string> sets;
  std::map<std::string, std::string> environment;
};

Result<Options> load(const Given& given) {
  LoadRequest request;
  if (!given.file.empty()) request.config_path = given.path;
  request.sets = given.sets;
  request.environment = given.environment;
  request.read_file = [&](const std::string& path) -> Result<std::string> {
    EXPECT_EQ(path, given.path);
    return given.file;
  };
  return load_options(request);
}

Options loaded(const Given& given) {
  auto options = load(given);
  EXPECT_TRUE(options.has_value()) << options.error().context;
  return options ? *options : Options();
}

std::string mistake(const Given& given) {
  const auto options = load(given);
  EXPECT_FALSE(options.has_value());
  if (options) return "";
  EXPECT_EQ(options.error().code, Errc::config);
  return options.error().context;
}

Options from_broker_conf(std::string file) {
  return loaded(
      {.path = "conf/broker.conf", .file = std::move(file), .sets = {}, .environment = {}});
}

std::string broker_conf_mistake(std::string file) {
  return mistake({.path = "broker.conf", .file = std::move(file), .sets = {}, .environment = {}});
}

std::string toml_mistake(std::string file) {
  return mistake({.file = std::move(file), .sets = {}, .environment = {}});
}

Options from_toml(std::string file) {
  return loaded({.file = std::move(file), .sets = {}, .environment = {}});
}

TEST(LoadOptions, gives_the_defaults_without_any_input) {
  const Options options = loaded({});
  EXPECT_EQ(options.text(Opt::broker_listen), "127.0.0.1:10911");
  EXPECT_EQ(options.integer(Opt::broker_max_message_bytes), 4 << 20);
  EXPECT_THAT(options.list(Opt::server_roles), ElementsAre("naming", "broker"));
  EXPECT_TRUE(options.list(Opt::broker_naming_servers).empty());
  EXPECT_EQ(options.origin(Opt::broker_listen).text(), "default");
  EXPECT_TRUE(options.warnings().empty());
}

TEST(LoadOptions, lets_a_flag_win_over_environment_over_file_over_default) {
  Given given;
  given.file = "[broker]\nname = \"from-file\"\ncluster = \"from-file\"\nregion = \"from-file\"\n";
  given.environment = {{"BOLIDE_BROKER_NAME", "from-env"}, {"BOLIDE_BROKER_CLUSTER", "from-env"}};
  given.sets = {"broker.name=from-flag"};
  const Options options = loaded(given);
  EXPECT_EQ(options.text(Opt::broker_name), "from-flag");
  EXPECT_EQ(options.text(Opt::broker_cluster), "from-env");
  EXPECT_EQ(options.text(Opt::broker_region), "from-file");
  EXPECT_EQ(options.origin(Opt::broker_name).text(), "--set");
  EXPECT_EQ(options.origin(Opt::broker_cluster).text(), "environment BOLIDE_BROKER_CLUSTER");
  EXPECT_EQ(options.origin(Opt::broker_region).text(), "bolide.toml:4");
}

TEST(LoadOptions, lets_the_last_of_two_flags_win) {
  EXPECT_EQ(loaded({.file = "", .sets = {"broker.name=a", "broker.name=b"}, .environment = {}})
                .text(Opt::broker_name),
            "b");
}

TEST(LoadOptions, reads_sections_dotted_keys_arrays_and_units_of_toml) {
  const Options options = from_toml(
      "server.roles = [\"broker\"]\n[broker]\nvip_enabled = false\n"
      "naming_servers = [\"a:1\", \"b:2\"]\ndefault_queues = 4\n[store]\nsegment_bytes = "
      "\"64MiB\"\n"
      "retention_hours = \"3d\"\n[net]\nidle_timeout_ms = \"5m\"\n");
  EXPECT_THAT(options.list(Opt::server_roles), ElementsAre("broker"));
  EXPECT_THAT(options.list(Opt::broker_naming_servers), ElementsAre("a:1", "b:2"));
  EXPECT_FALSE(options.boolean(Opt::broker_vip_enabled));
  EXPECT_EQ(options.integer(Opt::broker_default_queues), 4);
  EXPECT_EQ(options.integer(Opt::store_segment_bytes), 64 << 20);
  EXPECT_EQ(options.integer(Opt::store_retention_hours), 72);
  EXPECT_EQ(options.integer(Opt::net_idle_timeout_ms), 300'000);
}

TEST(LoadOptions, names_line_and_nearest_key_for_an_unknown_one_in_toml) {
  EXPECT_EQ(toml_mistake("[broker]\n# a comment\nlisten_ = \"127.0.0.1:1\"\n"),
            "bolide.toml:3: unknown key \"broker.listen_\"; did you mean \"broker.listen\"?");
}

TEST(LoadOptions, names_line_and_nearest_key_for_an_unknown_one_in_broker_conf) {
  EXPECT_EQ(broker_conf_mistake("brokerId=0\nbrokrName=x\n"),
            "broker.conf:2: unknown key \"brokrName\"; did you mean \"brokerName\"?");
}

TEST(LoadOptions, translates_a_rocketmq_name_used_as_a_flag) {
  EXPECT_EQ(
      mistake({.file = "", .sets = {"flushDiskType=SYNC_FLUSH"}, .environment = {}}),
      "--set: unknown key \"flushDiskType\"; that is RocketMQ's name of \"store.reply_level\"");
}

TEST(LoadOptions, suggests_nothing_where_nothing_is_near) {
  EXPECT_THAT(broker_conf_mistake("xyzzyxyzzyxyzzy=1\n"), Not(HasSubstr("did you mean")));
}

TEST(LoadOptions, reports_every_mistake_of_a_file) {
  const std::string text = toml_mistake(
      "[broker]\ndefault_queues = 0\npermission = 9\n[store]\nreply_level = \"maybe\"\n");
  EXPECT_THAT(text, HasSubstr("bolide.toml:2: broker.default_queues = \"0\": must be at least 1 "
                              "(1 to 65535)"));
  EXPECT_THAT(text, HasSubstr("bolide.toml:3: broker.permission = \"9\": must be at most 7"));
  EXPECT_THAT(text, HasSubstr("bolide.toml:5: store.reply_level = \"maybe\": expects one of async, "
                              "sync"));
}

TEST(LoadOptions, names_the_line_of_broken_toml) {
  EXPECT_THAT(toml_mistake("[broker]\nname = \n"), HasSubstr("bolide.toml:2: "));
  EXPECT_THAT(toml_mistake("broker.name = 1979-05-27\n"), HasSubstr("bolide.toml:1: broker.name"));
}

TEST(LoadOptions, names_the_variable_of_a_bad_environment) {
  EXPECT_EQ(mistake({.file = "", .sets = {}, .environment = {{"BOLIDE_BROKER_ID", "x"}}}),
            "environment BOLIDE_BROKER_ID: BOLIDE_BROKER_ID (broker.id) = \"x\": expects a whole "
            "number");
}

TEST(LoadOptions, warns_of_a_variable_that_sets_nothing) {
  const Options options = loaded(
      {.file = "", .sets = {}, .environment = {{"BOLIDE_BROKER_LISTN", "x"}, {"OTHER", "y"}}});
  EXPECT_THAT(options.warnings(), ElementsAre(HasSubstr("did you mean \"BOLIDE_BROKER_LISTEN\"")));
}

TEST(LoadOptions, takes_name_servers_from_rocketmqs_variable_below_the_file) {
  const std::map<std::string, std::string> environment = {{"NAMESRV_ADDR", "a:1;b:2"}};
  EXPECT_THAT(loaded({.file = "", .sets = {"server.roles=broker"}, .environment = environment})
                  .list(Opt::broker_naming_servers),
              ElementsAre("a:1", "b:2"));
  EXPECT_THAT(
      loaded({.file = "broker.naming_servers = \"c:3\"\n", .sets = {}, .environment = environment})
          .list(Opt::broker_naming_servers),
      ElementsAre("c:3"));
}

TEST(LoadOptions, takes_no_name_servers_from_rocketmqs_variable_beside_its_own) {
  std::map<std::string, std::string> environment = {{"NAMESRV_ADDR", "a:1;b:2"}};
  const Options own = loaded({.file = "", .sets = {}, .environment = environment});
  EXPECT_TRUE(own.list(Opt::broker_naming_servers).empty());
  EXPECT_TRUE(own.is_default(Opt::broker_naming_servers));
  environment["BOLIDE_BROKER_NAMING_SERVERS"] = "c:3";
  EXPECT_THAT(
      loaded({.file = "", .sets = {}, .environment = environment}).list(Opt::broker_naming_servers),
      ElementsAre("c:3"));
}

TEST(LoadOptions, does_not_show_a_secret_in_a_mistake) {
  const std::string long_password(2000, 'p');
  const std::string text =
      mistake({.file = "", .sets = {"tls.key_password=" + long_password}, .environment = {}});
  EXPECT_THAT(text, HasSubstr("tls.key_password = \"***\""));
  EXPECT_THAT(text, Not(HasSubstr("ppp")));
}

TEST(LoadOptions, passes_on_why_the_file_could_not_be_read) {
  LoadRequest request;
  request.config_path = "gone.toml";
  request.read_file = [](const std::string&) -> Result<std::string> {
    return fail(Errc::io, "open gone.toml: no such file");
  };
  const auto options = load_options(request);
  ASSERT_FALSE(options.has_value());
  EXPECT_EQ(options.error().code, Errc::io);
}

TEST(LoadOptions, refuses_combinations_that_cannot_work) {
  const auto refused = [](std::vector<std::string> sets) {
    return mistake({.file = "", .sets = std::move(sets), .environment = {}});
  };
  EXPECT_THAT(refused({"tls.mode=enforcing"}), HasSubstr("tls.certificate"));
  EXPECT_THAT(refused({"tls.certificate=a.pem"}), HasSubstr("tls.key"));
  EXPECT_THAT(refused({"store.disk_full_percent=85"}), HasSubstr("must be at least 86"));
  EXPECT_THAT(refused({"broker.max_message_bytes=32MiB"}), HasSubstr("net.max_frame_bytes"));
  EXPECT_THAT(refused({"broker.id=1"}), HasSubstr("replicas are not supported"));
  EXPECT_THAT(refused({"broker.listen=127.0.0.1:2"}), HasSubstr("broker.vip_enabled"));
}

TEST(LoadOptions, warns_where_clients_are_told_what_nobody_listens_on) {
  const Options options =
      loaded({.file = "", .sets = {"broker.advertise=10.0.0.5"}, .environment = {}});
  EXPECT_THAT(options.warnings(), ElementsAre(HasSubstr("10.0.0.5")));
}

TEST(LoadOptions, warns_where_other_machines_can_connect) {
  const auto warnings = [](std::vector<std::string> sets) {
    return loaded({.file = "", .sets = std::move(sets), .environment = {}}).warnings();
  };
  for (const char* host : {"127.0.0.1", "127.0.0.2", "localhost", "[::1]"})
    EXPECT_TRUE(warnings({std::string("naming.listen=") + host + ":9876"}).empty()) << host;
  for (const char* host : {"0.0.0.0", "[::]", "10.0.0.5", "*"})
    EXPECT_THAT(warnings({std::string("naming.listen=") + host + ":9876"}),
                ElementsAre(HasSubstr("no access control")))
        << host;
  EXPECT_THAT(warnings({"naming.listen=0.0.0.0:1", "broker.listen=0.0.0.0:5"}),
              ElementsAre(HasSubstr("naming.listen = 0.0.0.0:1 and broker.listen = 0.0.0.0:5")));
  EXPECT_TRUE(warnings({"naming.listen=0.0.0.0:1", "server.roles=broker"}).empty());
}

TEST(BrokerConf, converts_rocketmqs_keys_and_units) {
  const Options options = from_broker_conf(
      "# stock\nbrokerClusterName = C1\nbrokerName=b.example\nbrokerId=0\nlistenPort=20911\n"
      "bindAddress=0.0.0.0\nbrokerIP1=10.0.0.5\nnamesrvAddr=n1:9876;n2:9876\nfileReservedTime=48\n"
      "flushDiskType=SYNC_FLUSH\nstorePathRootDir=/data/store\nmappedFileSizeCommitLog=67108864\n"
      "serverChannelMaxIdleTimeSeconds=60\nregisterNameServerPeriod=10000\nuseTLS=true\n");
  EXPECT_EQ(options.text(Opt::broker_cluster), "C1");
  EXPECT_EQ(options.text(Opt::broker_name), "b.example");
  EXPECT_EQ(options.text(Opt::broker_listen), "0.0.0.0:20911");
  EXPECT_EQ(options.text(Opt::broker_advertise), "10.0.0.5");
  EXPECT_THAT(options.list(Opt::broker_naming_servers), ElementsAre("n1:9876", "n2:9876"));
  EXPECT_EQ(options.integer(Opt::store_retention_hours), 48);
  EXPECT_EQ(options.text(Opt::store_reply_level), "sync");
  EXPECT_EQ(options.text(Opt::server_data_dir), "/data/store");
  EXPECT_EQ(options.integer(Opt::store_segment_bytes), 64 << 20);
  EXPECT_EQ(options.integer(Opt::net_idle_timeout_ms), 60'000);
  EXPECT_EQ(options.integer(Opt::broker_register_interval_ms), 10'000);
  EXPECT_EQ(options.text(Opt::tls_peers), "always");
  EXPECT_EQ(options.origin(Opt::broker_listen).text(), "conf/broker.conf:6");
  EXPECT_THAT(options.warnings(), ElementsAre(HasSubstr("no access control")));
}

TEST(BrokerConf, keeps_the_host_that_listenPort_does_not_name) {
  EXPECT_EQ(from_broker_conf("listenPort=1234\n").text(Opt::broker_listen), "127.0.0.1:1234");
  EXPECT_EQ(from_broker_conf("bindAddress=::\nlistenPort=1234\n").text(Opt::broker_listen),
            "[::]:1234");
}

TEST(BrokerConf, takes_the_stock_file_with_two_remarks_only) {
  const Options options = from_broker_conf(
      "brokerClusterName = DefaultCluster\nbrokerName = broker-a\nbrokerId = 0\ndeleteWhen = 04\n"
      "fileReservedTime = 48\nbrokerRole = ASYNC_MASTER\nflushDiskType = ASYNC_FLUSH\n");
  EXPECT_THAT(options.warnings(), ElementsAre(HasSubstr("RocketMQ would use ~/store"),
                                              HasSubstr("RocketMQ would on all addresses")));
}

TEST(BrokerConf, says_that_a_key_has_no_effect_and_why) {
  const Options options =
      from_broker_conf("brokerFastFailureEnable=false\nstorePathRootDir=/d\nbindAddress=0.0.0.0\n");
  EXPECT_THAT(options.warnings(),
              ElementsAre("conf/broker.conf:1: brokerFastFailureEnable is accepted and has no "
                          "effect: a busy server refuses at once, without queues",
                          HasSubstr("no access control")));
}

TEST(BrokerConf, refuses_what_the_server_would_not_do) {
  EXPECT_EQ(broker_conf_mistake("brokerRole=SLAVE\n"),
            "broker.conf:1: brokerRole = \"SLAVE\": must be ASYNC_MASTER: replication is not "
            "supported yet");
  EXPECT_THAT(broker_conf_mistake("authenticationEnabled=true\n"), HasSubstr("access control"));
  EXPECT_THAT(broker_conf_mistake("enableDLegerCommitLog=true\n"), HasSubstr("DLedger"));
}

TEST(BrokerConf, takes_a_commit_log_path_only_inside_the_data_directory) {
  const Options options =
      from_broker_conf("storePathCommitLog=/d/store/commitlog/\nstorePathRootDir=/d/store\n");
  EXPECT_EQ(options.text(Opt::server_data_dir), "/d/store");
  EXPECT_THAT(broker_conf_mistake("storePathRootDir=/d/store\nstorePathCommitLog=/fast/log\n"),
              HasSubstr("broker.conf:2: storePathCommitLog = \"/fast/log\": must be "
                        "/d/store/commitlog"));
}

TEST(BrokerConf, names_both_keys_where_a_value_is_wrong) {
  EXPECT_EQ(
      broker_conf_mistake("defaultTopicQueueNums=0\n"),
      "broker.conf:1: defaultTopicQueueNums (broker.default_queues) = \"0\": must be at least "
      "1 (1 to 65535)");
  EXPECT_THAT(broker_conf_mistake("listenPort=99999\n"), HasSubstr("expects a port"));
  EXPECT_THAT(broker_conf_mistake("flushDiskType=FAST\n"), HasSubstr("SYNC_FLUSH"));
  EXPECT_THAT(broker_conf_mistake("brokerIP1=1.2.3.4:5\n"), HasSubstr("without a port"));
}

TEST(BrokerConf, takes_our_own_keys_too) {
  EXPECT_EQ(from_broker_conf("store.reply_level=sync\n").text(Opt::store_reply_level), "sync");
}

TEST(NamesrvConf, configures_the_name_server) {
  const Options by_name = loaded({.path = "/etc/namesrv.conf",
                                  .file = "listenPort=19876\nscanNotActiveBrokerInterval=1000\n",
                                  .sets = {},
                                  .environment = {}});
  EXPECT_EQ(by_name.text(Opt::naming_listen), "127.0.0.1:19876");
  EXPECT_EQ(by_name.text(Opt::broker_listen), "127.0.0.1:10911");
  EXPECT_EQ(by_name.integer(Opt::naming_scan_interval_ms), 1000);
  const Options by_role = loaded({.path = "x.conf",
                                  .file = "listenPort=19876\n",
                                  .sets = {"server.roles=naming"},
                                  .environment = {}});
  EXPECT_EQ(by_role.text(Opt::naming_listen), "127.0.0.1:19876");
}

TEST(RocketmqKeys, stand_once_per_kind_of_file_with_a_reason_or_an_option) {
  const auto keys = rocketmq_keys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(find_rocketmq_key(keys[i].key, keys[i].file), &keys[i]) << keys[i].key;
    const bool sets = keys[i].use == RocketmqKey::Use::option;
    EXPECT_EQ(sets, keys[i].opt != Opt::count) << keys[i].key;
    EXPECT_EQ(sets, keys[i].convert != nullptr) << keys[i].key;
    EXPECT_EQ(sets, keys[i].reason.empty()) << keys[i].key;
  }
}

}  // namespace
}  // namespace bolide::table
