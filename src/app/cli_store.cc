// SPDX-License-Identifier: Apache-2.0
//
// bolide store verify|dump|export: the files of a stopped server.
// Runs on: the main thread.  Owns: nothing.  Invariant: verify and dump change nothing.
#include "app/cli.h"
#include "app/message_text.h"
#include "app/output.h"
#include "app/store_export.h"
#include "client/compression.h"
#include "os/file_system.h"
#include "store/store_tools.h"

#include <fmt/core.h>

#include <limits>
#include <ostream>

namespace bolide::app {
namespace {

std::string damage_text(const store::Damage& damage) {
  return fmt::format("damage: log {} to {}, {} at byte {}{}", damage.from, damage.to, damage.file,
                     damage.offset, damage.records_behind ? ", with good records behind it" : "");
}

std::string report_text(const store::VerifyReport& report) {
  std::string text = fmt::format(
      "segments    {} of {} bytes\nlog         {} to {}\nmessages    {}, {} bytes\n"
      "queues      {}\nindex runs  {}\n",
      report.segments, report.segment_bytes, report.first_position, report.end_position,
      report.records, report.bytes, report.queues, report.index_runs);
  for (const auto& damage : report.damages) text += damage_text(damage) + "\n";
  for (const auto& problem : report.queue_problems) text += "queue: " + problem + "\n";
  for (const auto& problem : report.index_problems)
    text += "index: " + problem + " (repaired by the next start)\n";
  return text + (report.sound() ? "sound\n" : "damaged\n");
}

std::int64_t signed_count(std::uint64_t count) {
  return static_cast<std::int64_t>(count);
}

void add_list(JsonWriter* json, std::string_view name, const std::vector<std::string>& texts) {
  json->key(name);
  json->begin_array();
  for (const std::string& text : texts) json->value(text);
  json->end_array();
}

std::string report_json(const store::VerifyReport& report) {
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("sound", report.sound());
  json.member("segments", signed_count(report.segments));
  json.member("segment_bytes", signed_count(report.segment_bytes));
  json.member("first_position", report.first_position);
  json.member("end_position", report.end_position);
  json.member("messages", signed_count(report.records));
  json.member("message_bytes", signed_count(report.bytes));
  json.member("queues", signed_count(report.queues));
  json.member("index_runs", signed_count(report.index_runs));
  json.key("damages");
  json.begin_array();
  for (const auto& damage : report.damages) {
    json.begin_object();
    json.member("from", damage.from);
    json.member("to", damage.to);
    json.member("file", damage.file);
    json.member("offset", signed_count(damage.offset));
    json.member("records_behind", damage.records_behind);
    json.end_object();
  }
  json.end_array();
  add_list(&json, "queue_problems", report.queue_problems);
  add_list(&json, "index_problems", report.index_problems);
  json.end_object();
  return text + "\n";
}

Result<> verify(const CommandLine& line, std::ostream& out) {
  const std::string& directory = line.store.data_dir;
  BOLIDE_TRY(const auto report, store::verify_store(os::posix_file_system(), directory));
  out << (line.json ? report_json(report) : report_text(report));
  if (report.sound()) return {};
  return fail(Errc::storage_corrupt, directory);
}

ReceivedMessage make_message(const store::Record& record) {
  ReceivedMessage message{.topic = std::string(record.topic),
                          .queue = record.queue_id,
                          .offset = record.queue_offset,
                          .position = record.position,
                          .born_ms = record.born_ms,
                          .stored_ms = record.store_ms,
                          .born_host = record.born_host,
                          .store_host = record.store_host,
                          .reconsume_times = record.reconsume_times,
                          .properties = client::decode_properties(record.properties),
                          .body = std::string(record.body)};
  if ((record.sys_flag & store::sys_flag::compressed) != 0) {
    // A body that cannot be inflated is shown as it lies there.
    if (auto body = client::inflate_body(record.body, record.sys_flag))
      message.body = std::move(*body);
  }
  return message;
}

std::string record_text(const store::Record& record) {
  const ReceivedMessage message = make_message(record);
  return fmt::format("position={} topic={} queue={} offset={} stored={} id={} body_bytes={}",
                     record.position, record.topic, record.queue_id, record.queue_offset,
                     time_text(record.store_ms), message.id(), record.body.size());
}

std::string report_text(const store::ExportReport& report) {
  std::string text = fmt::format(
      "log             {} to {}\nmessages        {}\nconsume queues  {} in {} files\n"
      "keys            {} in {} files\n",
      report.first_position, report.end_position, report.records, report.queues, report.queue_files,
      report.keys, report.index_files);
  if (report.left_out != 0)
    text += fmt::format("left out        {} messages of batch topics\n", report.left_out);
  return text + "Apache RocketMQ's broker can open the directory now\n";
}

std::string report_json(const store::ExportReport& report) {
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("first_position", report.first_position);
  json.member("end_position", report.end_position);
  json.member("messages", signed_count(report.records));
  json.member("left_out", signed_count(report.left_out));
  json.member("queues", signed_count(report.queues));
  json.member("queue_files", signed_count(report.queue_files));
  json.member("keys", signed_count(report.keys));
  json.member("index_files", signed_count(report.index_files));
  json.end_object();
  return text + "\n";
}

Result<> export_files(const CommandLine& line, Streams streams) {
  const auto show = [&](int percent) {
    streams.err << fmt::format("bolide: {} % of the log read\n", percent) << std::flush;
  };
  BOLIDE_TRY(const auto report,
             export_for_apache(os::posix_file_system(), line.store.data_dir, show));
  streams.out << (line.json ? report_json(report) : report_text(report));
  return {};
}

}  // namespace

Result<> store_command(const CommandLine& line, Streams streams) {
  if (line.verb == Verb::store_verify) return verify(line, streams.out);
  if (line.verb == Verb::store_export) return export_files(line, streams);
  const StoreArguments& store = line.store;
  const std::uint64_t count =
      store.count == 0 ? std::numeric_limits<std::uint64_t>::max() : store.count;
  BOLIDE_CHECK(store::dump_store(
      os::posix_file_system(), store.data_dir, store.from, count, [&](const store::Record& record) {
        streams.out << (line.json ? message_json(make_message(record), {}) : record_text(record))
                    << '\n';
        return streams.out.good();
      }));
  return {};
}

}  // namespace bolide::app
