// SPDX-License-Identifier: Apache-2.0
//
// The handlers that the command table names; each file handlers_*.cc holds one family.
// Runs on: io agent.  Owns: nothing.  Invariant: each answers exactly once, now or later, unless
// the request is one-way.
#pragma once

#include "protocols/remoting/call.h"

namespace bolide::remoting::on {

// handlers_message.cc
void send_message(const Call& call);
void send_message_v2(const Call& call);
void pull_message(const Call& call);
void query_message(const Call& call);
void view_message(const Call& call);
void send_message_back(const Call& call);
void end_transaction(const Call& call);
void resume_transaction(const Call& call);
void recall_message(const Call& call);

// handlers_pop.cc
void pop_message(const Call& call);
void peek_message(const Call& call);
void notification(const Call& call);
void polling_info(const Call& call);
void ack_message(const Call& call);
void batch_ack_message(const Call& call);
void change_invisible_time(const Call& call);

// handlers_lite.cc
void pop_lite_message(const Call& call);
void ack_lite_message(const Call& call);
void change_lite_invisible_time(const Call& call);
void control_lite_subscriptions(const Call& call);

// handlers_lite_admin.cc
void get_broker_lite_info(const Call& call);
void get_parent_topic_info(const Call& call);
void get_lite_topic_info(const Call& call);
void get_lite_client_info(const Call& call);
void get_lite_group_info(const Call& call);
void trigger_lite_dispatch(const Call& call);

// handlers_assignment.cc
void query_assignment(const Call& call);
void set_request_mode(const Call& call);
void get_request_modes(const Call& call);

// handlers_reply.cc
void send_reply(const Call& call);

// handlers_client.cc
void heart_beat(const Call& call);
void unregister_client(const Call& call);
void check_client_config(const Call& call);
void get_consumer_list(const Call& call);
void get_consumer_connections(const Call& call);
void get_producer_connections(const Call& call);
void get_all_producers(const Call& call);
void query_subscription(const Call& call);

// handlers_consumer.cc
void lock_queues(const Call& call);
void unlock_queues(const Call& call);
void ask_consumer(const Call& call);
void consume_directly(const Call& call);

// handlers_offset.cc
void query_consumer_offset(const Call& call);
void update_consumer_offset(const Call& call);
void get_all_consumer_offset(const Call& call);
void search_offset(const Call& call);
void get_max_offset(const Call& call);
void get_min_offset(const Call& call);
void get_earliest_store_time(const Call& call);
void reset_offset(const Call& call);
void clone_group_offset(const Call& call);

// handlers_topic.cc
void put_topic(const Call& call);
void put_topic_list(const Call& call);
void put_static_topic(const Call& call);
void delete_topic(const Call& call);
void get_topic(const Call& call);
void get_all_topics(const Call& call);
void get_topic_stats(const Call& call);
void get_system_topics(const Call& call);

// handlers_group.cc
void put_group(const Call& call);
void put_group_list(const Call& call);
void delete_group(const Call& call);
void get_group(const Call& call);
void get_all_groups(const Call& call);
void get_consume_stats(const Call& call);
void get_all_consume_stats(const Call& call);
void get_groups_of_topic(const Call& call);
void get_topics_of_group(const Call& call);
void get_consume_spans(const Call& call);

// handlers_broker.cc
void get_broker_config(const Call& call);
void get_runtime_info(const Call& call);
void get_ha_status(const Call& call);
// Asks for work that this broker has always done already: success.
void nothing_to_do(const Call& call);

// handlers_naming.cc
void put_kv(const Call& call);
void get_kv(const Call& call);
void delete_kv(const Call& call);
void get_kv_list(const Call& call);
void register_broker(const Call& call);
void unregister_broker(const Call& call);
void broker_heartbeat(const Call& call);
void query_data_version(const Call& call);
void get_route(const Call& call);
void get_cluster_info(const Call& call);
void get_member_group(const Call& call);
void wipe_write_permission(const Call& call);
void add_write_permission(const Call& call);
void get_topic_list(const Call& call);
void get_cluster_topics(const Call& call);
void get_naming_system_topics(const Call& call);
void get_unit_topics(const Call& call);
void delete_topic_in_naming(const Call& call);
void register_topic(const Call& call);
void get_naming_config(const Call& call);

}  // namespace bolide::remoting::on
