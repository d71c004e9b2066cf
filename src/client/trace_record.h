// SPDX-License-Identifier: Apache-2.0
//
// What became of messages, as RocketMQ's clients write it into the topic of traces (rocketmq 3.12).
// Runs on: any thread.  Owns: its values.  Invariant: what is encoded, Apache's tools read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

inline constexpr std::string_view trace_topic_name = "RMQ_SYS_TRACE_TOPIC";
inline constexpr std::string_view default_region = "DefaultRegion";

struct TraceRecord {
  // It was sent; it is about to be consumed; it was; its transaction has ended; it was taken back.
  enum class Kind : std::uint8_t { pub, sub_before, sub_after, end_transaction, recall };
  enum class Type : std::uint8_t { normal, half, commit, delay, order };  // of the message
  // How consuming ended.
  enum class Code : std::uint8_t { success, time_out, exception, return_null, failed };

  Kind kind = Kind::pub;
  std::int64_t time_ms = 0;  // since the epoch; of sub_after: its end, 0 where it is not told
  std::string region = {};
  std::string group = {};
  std::string topic = {};
  std::string id = {};
  std::string tags = {};
  std::string keys = {};  // separated by spaces
  std::string store_host = {};
  std::int64_t body_bytes = 0;
  std::int64_t cost_ms = 0;
  Type type = Type::normal;
  std::string offset_id = {};
  bool success = false;
  std::string client_host = {};
  std::string request_id = {};  // joins sub_before and sub_after
  std::int64_t retries = 0;
  Code code = Code::success;
  std::string transaction_id = {};
  std::string state = {};  // COMMIT_MESSAGE, ROLLBACK_MESSAGE, UNKNOW
  bool from_check = false;
};

// One record, with its end.
std::string encode_trace(const TraceRecord& record);
// All of a message's body that can be read.
std::vector<TraceRecord> decode_trace(std::string_view body);

}  // namespace bolide::client
