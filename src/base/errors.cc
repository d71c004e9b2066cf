// SPDX-License-Identifier: Apache-2.0
//
// The rows of the error table.
// Runs on: any agent.  Owns: constant data.  Invariant: rows stand in the order of Errc (tested).
#include "base/errors.h"

#include "base/assert.h"

namespace bolide {
namespace {

// code, name, rocketmq, grpc(status of the v2 API), mqtt reason, kafka, amqp, http, exit,
// retriable, text, fix
constexpr ErrorRow rows[] = {
    {Errc::internal, "internal", 1, 50001, 0x80, -1, 541, 500, 70, false, "the request failed",
     "correct what the message names; if it names nothing, see the server's log"},
    {Errc::invalid_argument, "invalid_argument", 29, 40000, 0x83, 42, 406, 400, 64, false,
     "a value is out of its range", "correct the value that the message names"},
    {Errc::malformed, "malformed", 1, 40000, 0x81, 2, 502, 400, 65, false,
     "bytes that do not follow the protocol", "check the client and its version"},
    {Errc::not_supported, "not_supported", 3, 50100, 0x83, 35, 540, 501, 69, false,
     "this server does not support the request",
     "see the compatibility table in the documentation"},
    {Errc::topic_not_found, "topic_not_found", 17, 40402, 0x90, 3, 404, 404, 66, false,
     "the topic does not exist", "create it: bolide topic create NAME"},
    {Errc::topic_not_valid, "topic_not_valid", 29, 40002, 0x90, 17, 406, 400, 64, false,
     "the topic name is not allowed", "use 1 to 127 of the characters a-z A-Z 0-9 _ - % |"},
    {Errc::group_not_found, "group_not_found", 26, 40403, 0x83, 69, 404, 404, 66, false,
     "the consumer group does not exist", "start a consumer of it or create it"},
    {Errc::subscription_not_found, "subscription_not_found", 24, 40403, 0x11, 69, 404, 404, 66,
     true, "the group has no such subscription", "check that the group's clients send heartbeats"},
    {Errc::subscription_not_latest, "subscription_not_latest", 25, 40403, 0x83, 22, 409, 409, 75,
     true, "the group's subscription is newer or older than the request's",
     "give all clients of the group the same subscriptions"},
    {Errc::subscription_invalid, "subscription_invalid", 23, 40007, 0x8F, 42, 406, 400, 64, false,
     "the filter expression cannot be parsed", "correct the expression"},
    {Errc::queue_out_of_range, "queue_out_of_range", 29, 40000, 0x83, 3, 404, 400, 64, false,
     "the topic has no queue of this number", "name one of its queues"},
    {Errc::message_too_large, "message_too_large", 13, 41302, 0x95, 10, 311, 413, 64, false,
     "the message is larger than allowed", "send less, or raise broker.max_message_bytes"},
    {Errc::message_invalid, "message_invalid", 13, 40010, 0x99, 87, 406, 400, 64, false,
     "the message cannot be stored as it is", "correct what the message names"},
    {Errc::no_permission, "no_permission", 16, 40300, 0x87, 29, 403, 403, 77, false,
     "not permitted", "change the permission of the topic or broker"},
    {Errc::not_found, "not_found", 22, 40404, 0x83, 1, 404, 404, 66, false, "nothing was found",
     "check the name, key or offset"},
    {Errc::consumer_not_online, "consumer_not_online", 206, 40403, 0x83, 25, 404, 404, 69, false,
     "no client of the group is connected", "start a consumer of the group"},
    {Errc::busy, "busy", 2, 42900, 0x97, 89, 311, 429, 75, true, "the server is busy",
     "try again; see the server's metrics for the cause"},
    {Errc::disk_full, "disk_full", 14, 50001, 0x97, 56, 506, 507, 74, true,
     "the disk of the store is full", "free space or shorten store.retention_hours"},
    {Errc::storage_stopped, "storage_stopped", 14, 50001, 0x88, 56, 541, 503, 74, false,
     "the store stopped after a failed write or sync",
     "check the disk, then restart the server: what was acknowledged is kept"},
    {Errc::storage_corrupt, "storage_corrupt", 1, 50001, 0x88, 56, 541, 500, 74, false,
     "stored bytes fail their checksum", "run: bolide store verify --data-dir DIR"},
    {Errc::io, "io", 1, 50001, 0x88, 56, 541, 500, 74, true, "an operation on a file failed",
     "check the path, the permissions and the disk"},
    {Errc::in_use, "in_use", 1, 50001, 0x88, -1, 405, 409, 73, false, "something else uses it",
     "stop the other process or choose another port or directory"},
    {Errc::not_a_store, "not_a_store", 1, 50001, 0x88, -1, 541, 500, 73, false,
     "the directory holds something else",
     "choose an empty directory or a store of RocketMQ or Bolide"},
    {Errc::config, "config", 1, 50001, 0x88, 40, 541, 500, 78, false, "the configuration is wrong",
     "correct what the message names; 'bolide config docs' explains every setting"},
    {Errc::usage, "usage", 1, 40000, 0x83, 42, 503, 400, 64, false, "the command line is wrong",
     "see: bolide --help"},
    {Errc::timeout, "timeout", 1, 50400, 0x88, 7, 541, 504, 75, true, "no answer in time",
     "check that the server runs and is reachable"},
    {Errc::connection_failed, "connection_failed", 1, 50400, 0x88, 13, 320, 502, 69, true,
     "the connection could not be made", "check the address and that the server runs"},
    {Errc::connection_closed, "connection_closed", 1, 50400, 0x88, 13, 320, 502, 69, true,
     "the peer closed the connection", "see the server's log for the reason"},
    {Errc::shutting_down, "shutting_down", 1500, 50300, 0x8B, 8, 320, 503, 69, true,
     "it is stopping, or has ended", "try again, or use another broker"},
    {Errc::not_leader_for_queue, "not_leader_for_queue", 501, 50001, 0x9C, 6, 404, 421, 75, true,
     "another broker has this queue now", "ask the name server for the route again"},
    {Errc::quota_exceeded, "quota_exceeded", 2017, 42900, 0x97, 44, 506, 507, 69, false,
     "there are as many as there may be", "raise the option that the message names"},
};

}  // namespace

const ErrorRow& error_row(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  BOLIDE_ASSERT(index < std::size(rows));
  return rows[index];
}

std::span<const ErrorRow> error_rows() {
  return rows;
}

}  // namespace bolide
