// SPDX-License-Identifier: Apache-2.0
//
// The rows of the command table (rocketmq wire 2).
// Runs on: io agent.  Owns: constant data.  Invariant: sorted by code.
#include "protocols/remoting/commands.h"

#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>

namespace bolide::remoting {
namespace {

constexpr Command rows[] = {
    {10, "SEND_MESSAGE", on::send_message},
    {11, "PULL_MESSAGE", on::pull_message},
    {12, "QUERY_MESSAGE", on::query_message},
    {14, "QUERY_CONSUMER_OFFSET", on::query_consumer_offset},
    {15, "UPDATE_CONSUMER_OFFSET", on::update_consumer_offset},
    {17, "UPDATE_AND_CREATE_TOPIC", on::put_topic},
    {18, "UPDATE_AND_CREATE_TOPIC_LIST", on::put_topic_list},
    {21, "GET_ALL_TOPIC_CONFIG", on::get_all_topics},
    {22, "GET_TOPIC_CONFIG_LIST"},
    {23, "GET_TOPIC_NAME_LIST"},
    {25, "UPDATE_BROKER_CONFIG"},
    {26, "GET_BROKER_CONFIG", on::get_broker_config},
    {27, "TRIGGER_DELETE_FILES"},
    {28, "GET_BROKER_RUNTIME_INFO", on::get_runtime_info},
    {29, "SEARCH_OFFSET_BY_TIMESTAMP", on::search_offset},
    {30, "GET_MAX_OFFSET", on::get_max_offset},
    {31, "GET_MIN_OFFSET", on::get_min_offset},
    {32, "GET_EARLIEST_MSG_STORETIME", on::get_earliest_store_time},
    {33, "VIEW_MESSAGE_BY_ID", on::view_message},
    {34, "HEART_BEAT", on::heart_beat},
    {35, "UNREGISTER_CLIENT", on::unregister_client},
    {36, "CONSUMER_SEND_MSG_BACK", on::send_message_back},
    {37, "END_TRANSACTION", on::end_transaction},
    {38, "GET_CONSUMER_LIST_BY_GROUP", on::get_consumer_list},
    {39, "CHECK_TRANSACTION_STATE"},
    {40, "NOTIFY_CONSUMER_IDS_CHANGED"},
    {41, "LOCK_BATCH_MQ", on::lock_queues},
    {42, "UNLOCK_BATCH_MQ", on::unlock_queues},
    {43, "GET_ALL_CONSUMER_OFFSET", on::get_all_consumer_offset},
    {45, "GET_ALL_DELAY_OFFSET"},
    {46, "CHECK_CLIENT_CONFIG", on::check_client_config},
    {47, "GET_CLIENT_CONFIG"},
    {50, "UPDATE_AND_CREATE_ACL_CONFIG"},
    {51, "DELETE_ACL_CONFIG"},
    {52, "GET_BROKER_CLUSTER_ACL_INFO"},
    {53, "UPDATE_GLOBAL_WHITE_ADDRS_CONFIG"},
    {54, "GET_BROKER_CLUSTER_ACL_CONFIG"},
    {60, "GET_TIMER_CHECK_POINT"},
    {61, "GET_TIMER_METRICS"},
    {100, "PUT_KV_CONFIG", nullptr, on::put_kv},
    {101, "GET_KV_CONFIG", nullptr, on::get_kv},
    {102, "DELETE_KV_CONFIG", nullptr, on::delete_kv},
    {103, "REGISTER_BROKER", nullptr, on::register_broker},
    {104, "UNREGISTER_BROKER", nullptr, on::unregister_broker},
    {105, "GET_ROUTEINFO_BY_TOPIC", nullptr, on::get_route},
    {106, "GET_BROKER_CLUSTER_INFO", nullptr, on::get_cluster_info},
    {200, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP", on::put_group},
    {201, "GET_ALL_SUBSCRIPTIONGROUP_CONFIG", on::get_all_groups},
    {202, "GET_TOPIC_STATS_INFO", on::get_topic_stats},
    {203, "GET_CONSUMER_CONNECTION_LIST", on::get_consumer_connections},
    {204, "GET_PRODUCER_CONNECTION_LIST", on::get_producer_connections},
    {205, "WIPE_WRITE_PERM_OF_BROKER", nullptr, on::wipe_write_permission},
    {206, "GET_ALL_TOPIC_LIST_FROM_NAMESERVER", nullptr, on::get_topic_list},
    {207, "DELETE_SUBSCRIPTIONGROUP", on::delete_group},
    {208, "GET_CONSUME_STATS", on::get_consume_stats},
    {209, "SUSPEND_CONSUMER"},
    {210, "RESUME_CONSUMER"},
    {211, "RESET_CONSUMER_OFFSET_IN_CONSUMER"},
    {212, "RESET_CONSUMER_OFFSET_IN_BROKER"},
    {213, "ADJUST_CONSUMER_THREAD_POOL"},
    {214, "WHO_CONSUME_THE_MESSAGE"},
    {215, "DELETE_TOPIC_IN_BROKER", on::delete_topic},
    {216, "DELETE_TOPIC_IN_NAMESRV", nullptr, on::delete_topic_in_naming},
    {217, "REGISTER_TOPIC_IN_NAMESRV", nullptr, on::register_topic},
    {219, "GET_KVLIST_BY_NAMESPACE", nullptr, on::get_kv_list},
    {220, "RESET_CONSUMER_CLIENT_OFFSET"},
    {221, "GET_CONSUMER_STATUS_FROM_CLIENT"},
    {222, "INVOKE_BROKER_TO_RESET_OFFSET", on::reset_offset},
    {223, "INVOKE_BROKER_TO_GET_CONSUMER_STATUS"},
    {224, "GET_TOPICS_BY_CLUSTER", nullptr, on::get_cluster_topics},
    {225, "UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST", on::put_group_list},
    {300, "QUERY_TOPIC_CONSUME_BY_WHO", on::get_groups_of_topic},
    {301, "REGISTER_FILTER_SERVER"},
    {302, "REGISTER_MESSAGE_FILTER_CLASS"},
    {303, "QUERY_CONSUME_TIME_SPAN", on::get_consume_spans},
    {304, "GET_SYSTEM_TOPIC_LIST_FROM_NS", nullptr, on::get_naming_system_topics},
    {305, "GET_SYSTEM_TOPIC_LIST_FROM_BROKER", on::get_system_topics},
    {306, "CLEAN_EXPIRED_CONSUMEQUEUE", on::nothing_to_do},
    {307, "GET_CONSUMER_RUNNING_INFO", on::ask_consumer},
    {308, "QUERY_CORRECTION_OFFSET"},
    {309, "CONSUME_MESSAGE_DIRECTLY", on::consume_directly},
    {310, "SEND_MESSAGE_V2", on::send_message_v2},
    {311, "GET_UNIT_TOPIC_LIST", nullptr, on::get_unit_topics},
    {312, "GET_HAS_UNIT_SUB_TOPIC_LIST", nullptr, on::get_unit_topics},
    {313, "GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST", nullptr, on::get_unit_topics},
    {314, "CLONE_GROUP_OFFSET", on::clone_group_offset},
    {315, "VIEW_BROKER_STATS_DATA"},
    {316, "CLEAN_UNUSED_TOPIC", on::nothing_to_do},
    {317, "GET_BROKER_CONSUME_STATS", on::get_all_consume_stats},
    {318, "UPDATE_NAMESRV_CONFIG"},
    {319, "GET_NAMESRV_CONFIG", nullptr, on::get_naming_config},
    {320, "SEND_BATCH_MESSAGE", on::send_message_v2},
    {321, "QUERY_CONSUME_QUEUE"},
    {322, "QUERY_DATA_VERSION", nullptr, on::query_data_version},
    {323, "RESUME_CHECK_HALF_MESSAGE", on::resume_transaction},
    {324, "SEND_REPLY_MESSAGE", on::send_reply},
    {325, "SEND_REPLY_MESSAGE_V2", on::send_reply},
    {326, "PUSH_REPLY_MESSAGE_TO_CLIENT"},
    {327, "ADD_WRITE_PERM_OF_BROKER", nullptr, on::add_write_permission},
    {328, "GET_ALL_PRODUCER_INFO", on::get_all_producers},
    {329, "DELETE_EXPIRED_COMMITLOG", on::nothing_to_do},
    {343, "QUERY_TOPICS_BY_CONSUMER", on::get_topics_of_group},
    {345, "QUERY_SUBSCRIPTION_BY_CONSUMER", on::query_subscription},
    {351, "GET_TOPIC_CONFIG", on::get_topic},
    {352, "GET_SUBSCRIPTIONGROUP_CONFIG", on::get_group},
    {353, "UPDATE_AND_GET_GROUP_FORBIDDEN"},
    {354, "CHECK_ROCKSDB_CQ_WRITE_PROGRESS"},
    {355, "EXPORT_ROCKSDB_CONFIG_TO_JSON"},
    {361, "LITE_PULL_MESSAGE", on::pull_message},
    {370, "RECALL_MESSAGE", on::recall_message},
    {400, "QUERY_ASSIGNMENT", on::query_assignment},
    {401, "SET_MESSAGE_REQUEST_MODE", on::set_request_mode},
    {402, "GET_ALL_MESSAGE_REQUEST_MODE", on::get_request_modes},
    {513, "UPDATE_AND_CREATE_STATIC_TOPIC", on::put_static_topic},
    {901, "GET_BROKER_MEMBER_GROUP", nullptr, on::get_member_group},
    {902, "ADD_BROKER"},
    {903, "REMOVE_BROKER"},
    {904, "BROKER_HEARTBEAT", nullptr, on::broker_heartbeat},
    {905, "NOTIFY_MIN_BROKER_ID_CHANGE"},
    {906, "EXCHANGE_BROKER_HA_INFO"},
    {907, "GET_BROKER_HA_STATUS", on::get_ha_status},
    {908, "RESET_MASTER_FLUSH_OFFSET", on::nothing_to_do},
    {1001, "CONTROLLER_ALTER_SYNC_STATE_SET"},
    {1002, "CONTROLLER_ELECT_MASTER"},
    {1003, "CONTROLLER_REGISTER_BROKER"},
    {1004, "CONTROLLER_GET_REPLICA_INFO"},
    {1005, "CONTROLLER_GET_METADATA_INFO"},
    {1006, "CONTROLLER_GET_SYNC_STATE_DATA"},
    {1007, "GET_BROKER_EPOCH_CACHE"},
    {1008, "NOTIFY_BROKER_ROLE_CHANGED"},
    {1009, "UPDATE_CONTROLLER_CONFIG"},
    {1010, "GET_CONTROLLER_CONFIG"},
    {1011, "CLEAN_BROKER_DATA"},
    {1012, "CONTROLLER_GET_NEXT_BROKER_ID"},
    {1013, "CONTROLLER_APPLY_BROKER_ID"},
    {2001, "UPDATE_COLD_DATA_FLOW_CTR_CONFIG"},
    {2002, "REMOVE_COLD_DATA_FLOW_CTR_CONFIG"},
    {2003, "GET_COLD_DATA_FLOW_CTR_INFO"},
    {2004, "SET_COMMITLOG_READ_MODE"},
    {3001, "AUTH_CREATE_USER"},
    {3002, "AUTH_UPDATE_USER"},
    {3003, "AUTH_DELETE_USER"},
    {3004, "AUTH_GET_USER"},
    {3005, "AUTH_LIST_USER"},
    {3006, "AUTH_CREATE_ACL"},
    {3007, "AUTH_UPDATE_ACL"},
    {3008, "AUTH_DELETE_ACL"},
    {3009, "AUTH_GET_ACL"},
    {3010, "AUTH_LIST_ACL"},
    {5001, "SWITCH_TIMER_ENGINE"},
    {5002, "DELETE_TOPIC_IN_BROKER_LIST"},
    {5003, "DELETE_SUBSCRIPTION_GROUP_LIST"},
    {200050, "POP_MESSAGE", on::pop_message},
    {200051, "ACK_MESSAGE", on::ack_message},
    {200052, "PEEK_MESSAGE", on::peek_message},
    {200053, "CHANGE_MESSAGE_INVISIBLETIME", on::change_invisible_time},
    {200054, "NOTIFICATION", on::notification},
    {200055, "POLLING_INFO", on::polling_info},
    {200056, "POP_ROLLBACK"},
    {200070, "POP_LITE_MESSAGE", on::pop_lite_message},
    {200071, "LITE_SUBSCRIPTION_CTL", on::control_lite_subscriptions},
    {200072, "ACK_LITE_MESSAGE"},
    {200073, "NOTIFY_UNSUBSCRIBE_LITE"},
    {200074, "GET_BROKER_LITE_INFO", on::get_broker_lite_info},
    {200075, "GET_PARENT_TOPIC_INFO", on::get_parent_topic_info},
    {200076, "GET_LITE_TOPIC_INFO", on::get_lite_topic_info},
    {200077, "GET_LITE_CLIENT_INFO", on::get_lite_client_info},
    {200078, "GET_LITE_GROUP_INFO", on::get_lite_group_info},
    {200079, "TRIGGER_LITE_DISPATCH", on::trigger_lite_dispatch},
    {200151, "BATCH_ACK_MESSAGE", on::batch_ack_message},
};

static_assert(std::ranges::is_sorted(rows, {}, &Command::code));

// Direct look-up for the codes that matter on the path of a message.
constexpr std::int32_t direct_codes = 512;
constexpr auto direct = [] {
  std::array<std::uint8_t, direct_codes> table{};
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (rows[i].code < direct_codes) {
      table[static_cast<std::size_t>(rows[i].code)] = static_cast<std::uint8_t>(i + 1);
    }
  }
  return table;
}();
static_assert(std::size(rows) < 255);

}  // namespace

std::span<const Command> commands() {
  return rows;
}

const Command* find_command(std::int32_t code) {
  if (code >= 0 && code < direct_codes) {
    const std::uint8_t index = direct[static_cast<std::size_t>(code)];
    return index == 0 ? nullptr : &rows[index - 1];
  }
  const Command* found = std::ranges::lower_bound(rows, code, {}, &Command::code);
  return found == std::end(rows) || found->code != code ? nullptr : found;
}

void dispatch(const Call& call) {
  const Command* command = find_command(call.header.code);
  Handler handler = nullptr;
  if (command != nullptr) {
    handler = call.front.broker() != nullptr ? command->broker : command->naming;
  }
  FrontStats& stats = call.front.stats();
  if (handler == nullptr) {
    ++stats.unsupported;
    // Codes come from the peer: only those of the protocol may make a counter.
    if (command != nullptr) ++stats.unsupported_codes[call.header.code];
    const std::string remark =
        " request type " + std::to_string(call.header.code) + " not supported";
    return call.responder().answer({.code = response_code::not_supported, .remark = remark},
                                   std::string_view{});
  }
  ++stats.by_code[call.header.code];
  handler(call);
}

}  // namespace bolide::remoting
