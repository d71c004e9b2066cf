// SPDX-License-Identifier: Apache-2.0
//
// The compressed form of a registration: a zlib stream of counted parts (rocketmq wire 2.8).
// Runs on: any agent.  Owns: nothing.  Invariant: no more than register_bytes_max are inflated.
#include "base/cursor.h"
#include "base/strings.h"
#include "broker/metadata.h"
#include "naming/bodies.h"
#include "naming/json_parts.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace bolide::naming {
namespace {

constexpr std::size_t piece_bytes = 64U << 10U;
constexpr std::size_t topic_fields_min = 5;

void append_count(std::string& out, std::size_t count) {
  char bytes[4];
  store_big(bytes, static_cast<std::uint32_t>(count));
  out.append(bytes, sizeof bytes);
}

void append_part(std::string& out, std::string_view part) {
  append_count(out, part.size());
  out.append(part);
}

// "name read write perm filterType attributesJSON"
std::string topic_line(const TopicConfig& topic) {
  std::string line = fmt::format("{} {} {} {} {} ", topic.name, topic.read_queues,
                                 topic.write_queues, topic.permission, topic.filter_type);
  JsonWriter json(line);
  write_values(json, topic.attributes);
  return line;
}

Result<TopicConfig> parse_topic_line(std::string_view line) {
  std::string_view fields[topic_fields_min];
  for (std::size_t i = 0; i < topic_fields_min; ++i) {
    const std::size_t end = line.find(' ');
    if (end == std::string_view::npos && i + 1 < topic_fields_min) {
      return fail(Errc::malformed, "registration: a topic of too few fields");
    }
    fields[i] = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  const auto read = parse_integer<std::int32_t>(fields[1]);
  const auto write = parse_integer<std::int32_t>(fields[2]);
  const auto permission = parse_integer<std::int32_t>(fields[3]);
  if (!read || !write || !permission) {
    return fail(Errc::malformed, "registration: a topic with a field that is not a number");
  }
  TopicConfig topic{.name = std::string(fields[0]), .attributes = {}};
  topic.read_queues = *read;
  topic.write_queues = *write;
  topic.permission = *permission;
  topic.filter_type = fields[4];
  if (line.empty()) return topic;  // peers older than 5.0
  JsonReader in(line);
  std::map<std::string, std::string> attributes;
  read_map(in, &attributes, [&] { return std::string(in.text()); });
  if (!in.failed()) topic.attributes = std::move(attributes);  // as Apache: else without any
  return topic;
}

struct EndDeflate {
  void operator()(z_stream* z) const { deflateEnd(z); }
};
struct EndInflate {
  void operator()(z_stream* z) const { inflateEnd(z); }
};

// zlib's interface wants bytes that it may change, and does not change them.
void set_input(z_stream& z, std::string_view bytes) {
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
}

std::string compress(std::string_view bytes) {
  z_stream z{};
  BOLIDE_ASSERT(deflateInit(&z, Z_BEST_COMPRESSION) == Z_OK);
  const std::unique_ptr<z_stream, EndDeflate> end(&z);
  std::string out(deflateBound(&z, static_cast<uLong>(bytes.size())), '\0');
  set_input(z, bytes);
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  BOLIDE_ASSERT(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  return out;
}

Result<std::string> inflate_all(std::string_view bytes) {
  z_stream z{};
  BOLIDE_ASSERT(inflateInit(&z) == Z_OK);
  const std::unique_ptr<z_stream, EndInflate> end(&z);
  set_input(z, bytes);
  std::string out;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const std::size_t size = out.size();
    if (size >= register_bytes_max) return fail(Errc::malformed, "registration: inflates too far");
    out.resize(size + std::max(piece_bytes, size));
    z.next_out = reinterpret_cast<Bytef*>(out.data() + size);
    z.avail_out = static_cast<uInt>(out.size() - size);
    status = inflate(&z, Z_NO_FLUSH);
    out.resize(z.total_out);
    const bool stuck = status == Z_OK && z.avail_in == 0 && z.avail_out > 0;
    if ((status != Z_OK && status != Z_STREAM_END) || stuck) {
      return fail(Errc::malformed, "registration: not a zlib stream, or cut short");
    }
  }
  return out;
}

std::string_view read_part(ByteReader& in) {
  return in.bytes(in.u32());
}

Result<> read_topics(ByteReader& in, std::vector<TopicConfig>* topics) {
  const std::uint32_t total = in.u32();
  if (total > register_topics_max) return fail(Errc::malformed, "registration: too many topics");
  for (std::uint32_t i = 0; i < total && !in.failed(); ++i) {
    BOLIDE_TRY(auto topic, parse_topic_line(read_part(in)));
    topics->push_back(std::move(topic));
  }
  return {};
}

Result<> read_mappings(ByteReader& in, std::map<std::string, QueueMapping>* mappings) {
  if (in.remaining() == 0) return {};
  for (std::uint32_t count = in.u32(); count > 0 && !in.failed(); --count) {
    JsonReader json(read_part(in));
    QueueMapping mapping = read_mapping(json);
    BOLIDE_CHECK(json.finish());
    std::string topic = mapping.topic;
    mappings->insert_or_assign(std::move(topic), std::move(mapping));
  }
  return {};
}

Result<RegisterBody> decode_register_compressed(std::string_view bytes) {
  BOLIDE_TRY(const std::string inflated, inflate_all(bytes));
  ByteReader in(inflated);
  RegisterBody body;
  BOLIDE_TRY(body.table.version, decode_version(read_part(in)));
  BOLIDE_CHECK(read_topics(in, &body.table.topics));
  JsonReader filters(read_part(in));
  auto filter_servers = read_strings(filters);
  if (!filters.failed()) body.filter_servers = std::move(filter_servers);  // as Apache: else none
  BOLIDE_CHECK(read_mappings(in, &body.table.mappings));
  if (in.failed()) return fail(Errc::malformed, "registration: shorter than its lengths say");
  return body;
}

}  // namespace

std::string encode_register_compressed(const RegisterBody& body) {
  std::string out;
  append_part(out, encode_version(body.table.version));
  append_count(out, body.table.topics.size());
  for (const TopicConfig& topic : body.table.topics) append_part(out, topic_line(topic));
  std::string json;
  JsonWriter filters(json);
  write_strings(filters, body.filter_servers.value_or(std::vector<std::string>{}));
  append_part(out, json);
  append_count(out, body.table.mappings.size());
  for (const auto& [topic, mapping] : body.table.mappings) {
    json.clear();
    JsonWriter part(json);
    write_mapping(part, mapping);
    append_part(out, json);
  }
  return compress(out);
}

Result<RegisterBody> decode_register(std::string_view bytes, bool compressed) {
  return compressed ? decode_register_compressed(bytes) : decode_register_json(bytes);
}

}  // namespace bolide::naming
