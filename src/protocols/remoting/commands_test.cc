// SPDX-License-Identifier: Apache-2.0
//
// The command table against the protocol (rocketmq wire 2.1 to 2.5).
#include "protocols/remoting/commands.h"

#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace bolide::remoting {
namespace {

using testing::BrokerDesk;
using testing::NamingDesk;
using testing::Received;

// Every request of the protocol, 4.x to 5.5.
constexpr std::int32_t protocol_codes[] = {
    // client data path
    10, 310, 320, 324, 325, 326, 370, 11, 361, 36, 34, 35, 46, 38, 14, 15, 29, 30, 31, 32, 41, 42,
    37, 39, 40, 12, 33, 220, 221, 307, 309, 47, 209, 210, 211, 212, 213, 214, 301, 302,
    // POP
    200050, 200051, 200151, 200052, 200053, 200054, 200055, 200056, 400, 401, 402,
    // name server
    105, 103, 104, 904, 322, 901, 106, 206, 224, 304, 216, 217, 100, 101, 102, 219, 205, 327, 311,
    312, 313, 318, 319,
    // administration
    17, 18, 215, 5002, 21, 351, 22, 23, 200, 225, 207, 5003, 201, 352, 353, 25, 26, 27, 28, 43, 45,
    208, 222, 223, 300, 303, 305, 306, 308, 314, 315, 316, 317, 321, 323, 328, 329, 343, 345, 354,
    355, 202, 203, 204,
    // timers, static topics, containers, replication, controller, cold data
    60, 61, 5001, 513, 902, 903, 905, 906, 907, 908, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008,
    1009, 1010, 1011, 1012, 1013, 2001, 2002, 2003, 2004,
    // access control, 2.0 and 1.0
    3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 50, 51, 52, 53, 54,
    // lite topics
    200070, 200071, 200072, 200073, 200074, 200075, 200076, 200077, 200078, 200079};

TEST(Commands, hold_every_request_of_the_protocol_and_no_other) {
  std::set<std::int32_t> expected(std::begin(protocol_codes), std::end(protocol_codes));
  std::set<std::int32_t> found;
  for (const Command& command : commands()) found.insert(command.code);
  EXPECT_EQ(found, expected);
}

TEST(Commands, are_sorted_and_named_once) {
  EXPECT_TRUE(std::ranges::is_sorted(commands(), {}, &Command::code));
  std::set<std::string_view> names;
  std::set<std::int32_t> codes;
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_TRUE(codes.insert(command.code).second) << command.code;
  }
}

TEST(Commands, are_found_by_their_codes) {
  for (const Command& command : commands()) EXPECT_EQ(find_command(command.code), &command);
  for (std::int32_t code : {-1, 0, 1, 13, 511, 512, 514, 99'999, 200'057, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(find_command(code), nullptr) << code;
  }
}

TEST(Commands, that_stock_clients_need_have_handlers) {
  using namespace request_code;
  for (std::int32_t code :
       {send_message, pull_message, query_message, query_consumer_offset, update_consumer_offset,
        update_and_create_topic, get_all_topic_config, search_offset_by_timestamp, get_max_offset,
        get_min_offset, heart_beat, unregister_client, get_consumer_list_by_group,
        get_topic_stats_info, delete_topic_in_broker, send_message_v2, send_batch_message,
        get_topic_config, lite_pull_message}) {
    ASSERT_NE(find_command(code), nullptr) << code;
    EXPECT_NE(find_command(code)->broker, nullptr) << code;
  }
  for (std::int32_t code : {register_broker, unregister_broker, get_route_info_by_topic,
                            get_broker_cluster_info, get_all_topic_list, delete_topic_in_namesrv}) {
    ASSERT_NE(find_command(code), nullptr) << code;
    EXPECT_NE(find_command(code)->naming, nullptr) << code;
  }
}

// A request without a field or a body is the first thing that a fuzzer sends.
template <class Desk>
void ask_everything_empty(Desk& desk, const std::function<void()>& end_turn) {
  for (const Command& command : commands()) {
    SCOPED_TRACE(command.name);
    const std::int32_t opaque = desk.peer.send({.code = command.code});
    end_turn();
    const std::vector<Received> answers = desk.peer.take();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].opaque, opaque);
    EXPECT_EQ(answers[0].flag, header_flag::response);
    desk.peer.send({.code = command.code, .one_way = true});
    end_turn();
    EXPECT_EQ(desk.peer.connection.take(), "") << "one-way requests are never answered";
  }
  EXPECT_FALSE(desk.peer.connection.is_closed);
}

TEST(Commands, of_the_broker_answer_once_and_never_one_way) {
  BrokerDesk desk;
  ask_everything_empty(desk, [&] { desk.rig.core->end_of_turn(); });
}

TEST(Commands, of_the_name_server_answer_once_and_never_one_way) {
  NamingDesk desk;
  ask_everything_empty(desk, [] {});
}

TEST(Commands, without_a_handler_are_answered_and_counted) {
  BrokerDesk desk;
  const Received answer = desk.ask({.code = request_code::register_broker});
  EXPECT_EQ(answer.code, response_code::not_supported);
  EXPECT_EQ(answer.remark, " request type 103 not supported");
  const Received unknown = desk.ask({.code = 77'777});
  EXPECT_EQ(unknown.code, response_code::not_supported);
  EXPECT_EQ(unknown.remark, " request type 77777 not supported");
  EXPECT_EQ(desk.front.stats().unsupported, 2U);
  EXPECT_EQ(desk.front.stats().unsupported_codes.size(), 1U)
      << "codes that peers invent make no counters";
}

}  // namespace
}  // namespace bolide::remoting
