// SPDX-License-Identifier: Apache-2.0
//
// Numbers of the remoting protocol that code names: requests that we send or answer, and responses
// (rocketmq wire 1.7, 2). Every request of the protocol has a row in commands.cc.
// Runs on: any agent.  Owns: constants.  Invariant: none.
#pragma once

#include <cstdint>

namespace bolide::remoting {

namespace request_code {
inline constexpr std::int32_t send_message = 10;
inline constexpr std::int32_t pull_message = 11;
inline constexpr std::int32_t query_message = 12;
inline constexpr std::int32_t query_consumer_offset = 14;
inline constexpr std::int32_t update_consumer_offset = 15;
inline constexpr std::int32_t update_and_create_topic = 17;
inline constexpr std::int32_t get_all_topic_config = 21;
inline constexpr std::int32_t get_broker_config = 26;
inline constexpr std::int32_t get_broker_runtime_info = 28;
inline constexpr std::int32_t search_offset_by_timestamp = 29;
inline constexpr std::int32_t get_max_offset = 30;
inline constexpr std::int32_t get_min_offset = 31;
inline constexpr std::int32_t get_earliest_msg_store_time = 32;
inline constexpr std::int32_t view_message_by_id = 33;
inline constexpr std::int32_t heart_beat = 34;
inline constexpr std::int32_t unregister_client = 35;
inline constexpr std::int32_t consumer_send_msg_back = 36;
inline constexpr std::int32_t end_transaction = 37;
inline constexpr std::int32_t get_consumer_list_by_group = 38;
inline constexpr std::int32_t check_client_config = 46;
inline constexpr std::int32_t check_transaction_state = 39;
inline constexpr std::int32_t notify_consumer_ids_changed = 40;
inline constexpr std::int32_t lock_batch_mq = 41;
inline constexpr std::int32_t unlock_batch_mq = 42;
inline constexpr std::int32_t put_kv_config = 100;
inline constexpr std::int32_t get_kv_config = 101;
inline constexpr std::int32_t delete_kv_config = 102;
inline constexpr std::int32_t register_broker = 103;
inline constexpr std::int32_t unregister_broker = 104;
inline constexpr std::int32_t get_route_info_by_topic = 105;
inline constexpr std::int32_t get_broker_cluster_info = 106;
inline constexpr std::int32_t update_and_create_group = 200;
inline constexpr std::int32_t get_all_groups = 201;
inline constexpr std::int32_t get_topic_stats_info = 202;
inline constexpr std::int32_t get_consumer_connections = 203;
inline constexpr std::int32_t get_producer_connections = 204;
inline constexpr std::int32_t get_all_topic_list = 206;
inline constexpr std::int32_t delete_group = 207;
inline constexpr std::int32_t get_consume_stats = 208;
inline constexpr std::int32_t delete_topic_in_broker = 215;
inline constexpr std::int32_t delete_topic_in_namesrv = 216;
inline constexpr std::int32_t get_kv_list = 219;
inline constexpr std::int32_t reset_consumer_client_offset = 220;
inline constexpr std::int32_t get_consumer_status_from_client = 221;
inline constexpr std::int32_t reset_offset = 222;
inline constexpr std::int32_t get_groups_of_topic = 300;
inline constexpr std::int32_t get_consumer_running_info = 307;
inline constexpr std::int32_t consume_message_directly = 309;
inline constexpr std::int32_t send_message_v2 = 310;
inline constexpr std::int32_t send_batch_message = 320;
inline constexpr std::int32_t resume_check_half_message = 323;
inline constexpr std::int32_t send_reply_message_v2 = 325;
inline constexpr std::int32_t push_reply_message_to_client = 326;
inline constexpr std::int32_t get_all_producers = 328;
inline constexpr std::int32_t get_topic_config = 351;
inline constexpr std::int32_t get_group_config = 352;
inline constexpr std::int32_t lite_pull_message = 361;
inline constexpr std::int32_t recall_message = 370;
inline constexpr std::int32_t put_static_topic = 513;
inline constexpr std::int32_t query_assignment = 400;
inline constexpr std::int32_t pop_message = 200050;
inline constexpr std::int32_t ack_message = 200051;
inline constexpr std::int32_t change_invisible_time = 200053;
inline constexpr std::int32_t notification = 200054;
inline constexpr std::int32_t notify_unsubscribe_lite = 200073;
inline constexpr std::int32_t batch_ack_message = 200151;
}  // namespace request_code

namespace response_code {
inline constexpr std::int32_t success = 0;
inline constexpr std::int32_t system_error = 1;
inline constexpr std::int32_t not_supported = 3;
inline constexpr std::int32_t service_not_available = 14;
inline constexpr std::int32_t topic_not_exist = 17;
inline constexpr std::int32_t pull_not_found = 19;
inline constexpr std::int32_t pull_retry_immediately = 20;
inline constexpr std::int32_t pull_offset_moved = 21;
inline constexpr std::int32_t query_not_found = 22;
inline constexpr std::int32_t no_message = 208;
inline constexpr std::int32_t polling_full = 209;
inline constexpr std::int32_t polling_timeout = 210;
inline constexpr std::int32_t illegal_operation = 604;
inline constexpr std::int32_t lite_subscription_quota_exceeded = 2018;
}  // namespace response_code

}  // namespace bolide::remoting
