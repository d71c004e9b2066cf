// SPDX-License-Identifier: Apache-2.0
//
// Bodies of the name server's commands: to bytes, as Apache 5.5.0 writes them, and from the bytes
// of any peer (rocketmq wire 2.3, 2.7, 2.8). Errors of all decoders: malformed.
// Runs on: any agent.  Owns: nothing; what is decoded holds no view into the bytes.
// Invariant: decoding never trusts a length or a count in the bytes.
#pragma once

#include "base/result.h"
#include "naming/model.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::naming {

// A compressed registration may not inflate beyond this, and none may have more topics than that:
// small bytes must not become large memory.
inline constexpr std::size_t register_bytes_max = 64U << 20U;
inline constexpr std::size_t register_topics_max = 1'000'000;

std::string encode_version(const DataVersion& version);
Result<DataVersion> decode_version(std::string_view json);

// `with_mappings` false: the form of peers older than 5.0 (TopicConfigSerializeWrapper).
std::string encode_topic_table(const TopicTable& table, bool with_mappings = true);
Result<TopicTable> decode_topic_table(std::string_view json);

// REGISTER_BROKER. The compressed form has no sysFlag and order of topics and no details of
// mappings; its part for mappings may be missing (peers older than 5.0).
std::string encode_register(const RegisterBody& body);
std::string encode_register_compressed(const RegisterBody& body);
Result<RegisterBody> decode_register(std::string_view bytes, bool compressed);
// The request's bodyCrc32: over the body as it travels.
std::int32_t register_crc(std::string_view body);

// `standard_json`: for requests of version V4_9_4 or later or with acceptStandardJsonOnly; else map
// keys that are numbers stand without quotes, as older clients expect.
std::string encode_route(const TopicRoute& route, bool standard_json);
Result<TopicRoute> decode_route(std::string_view json);

std::string encode_cluster_info(const ClusterInfo& info);
Result<ClusterInfo> decode_cluster_info(std::string_view json);

std::string encode_topic_list(const TopicList& list);
Result<TopicList> decode_topic_list(std::string_view json);

std::string encode_kv_table(const KvTable& table);
Result<KvTable> decode_kv_table(std::string_view json);

// The answer to GET_BROKER_MEMBER_GROUP.
std::string encode_member_group(const MemberGroup& group);
Result<MemberGroup> decode_member_group(std::string_view json);

}  // namespace bolide::naming
