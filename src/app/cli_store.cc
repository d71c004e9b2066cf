// SPDX-License-Identifier: Apache-2.0
//
// bolide store verify|dump|export: the files of a stopped server.
// Runs on: the main thread.  Owns: nothing.  Invariant: verify and dump change nothing.
#include "app/cli.h"
#include "app/message_text.h"
#include "app/output.h"
#include "app/store_export.h"
#include "client/compression.h"
#include "client/message.h"
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

Doc report_doc(const store::VerifyReport& report) {
  Doc damages = Doc::array();
  for (const auto& damage : report.damages) {
    damages.add(Doc::object({{"from", damage.from},
                             {"to", damage.to},
                             {"file", damage.file},
                             {"offset", damage.offset},
                             {"records_behind", damage.records_behind}}));
  }
  return Doc::object({{"sound", report.sound()},
                      {"segments", report.segments},
                      {"segment_bytes", report.segment_bytes},
                      {"first_position", report.first_position},
                      {"end_position", report.end_position},
                      {"messages", report.records},
                      {"message_bytes", report.bytes},
                      {"queues", report.queues},
                      {"index_runs", report.index_runs},
                      {"damages", std::move(damages)},
                      {"queue_problems", report.queue_problems},
                      {"index_problems", report.index_problems}});
}

Exit verify(const Arguments& arguments, Streams streams) {
  const std::string directory = arguments.text("--data-dir");
  BOLIDE_TRY(const auto report, store::verify_store(os::posix_file_system(), directory));
  print(arguments, streams.out, report_doc(report), [&] { return report_text(report); });
  if (report.sound()) return {};
  return Failure(Error{Errc::storage_corrupt, directory}.fixed_by(
      "put back whole files from a copy; see \"When data is damaged\" in docs/durability.md"));
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

std::string record_text(const store::Record& record, const ReceivedMessage& message) {
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

Doc report_doc(const store::ExportReport& report) {
  return Doc::object({{"first_position", report.first_position},
                      {"end_position", report.end_position},
                      {"messages", report.records},
                      {"left_out", report.left_out},
                      {"queues", report.queues},
                      {"queue_files", report.queue_files},
                      {"keys", report.keys},
                      {"index_files", report.index_files}});
}

Exit export_files(const Arguments& arguments, Streams streams) {
  const auto show = [&](int percent) {
    streams.err << fmt::format("bolide: {} % of the log read\n", percent) << std::flush;
  };
  BOLIDE_TRY(const auto report,
             export_for_apache(os::posix_file_system(), arguments.text("--data-dir"), show));
  print(arguments, streams.out, report_doc(report), [&] { return report_text(report); });
  return {};
}

Exit dump(const Arguments& arguments, Streams streams) {
  const auto count = static_cast<std::uint64_t>(
      arguments.number("--count", std::numeric_limits<std::int64_t>::max()));
  BOLIDE_CHECK(store::dump_store(os::posix_file_system(), arguments.text("--data-dir"),
                                 arguments.number("--from", 0), count,
                                 [&](const store::Record& record) {
                                   const ReceivedMessage message = make_message(record);
                                   print_next(arguments, streams.out, message_doc(message),
                                              [&] { return record_text(record, message) + "\n"; });
                                   return streams.out.good();
                                 }));
  return {};
}

constexpr OptionRow directory_row{.names = "--data-dir",
                                  .takes = Takes::file,
                                  .value = "DIR",
                                  .doc = "the server's directory",
                                  .required = true};
constexpr OptionRow directory_options[] = {directory_row};
constexpr OptionRow dump_options[] = {
    directory_row,
    {.names = "--from",
     .takes = Takes::number,
     .value = "POSITION",
     .doc = "from this position of the log on"},
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "stop after so many messages",
     .least = 1},
};

constexpr CommandRow rows[] = {
    {.path = "store", .doc = "the files of a stopped server"},
    {.path = "store verify",
     .doc = "read everything and check every checksum",
     .run = verify,
     .options = directory_options,
     .examples = "bolide store verify --data-dir data"},
    {.path = "store dump",
     .doc = "print one line for each stored message",
     .run = dump,
     .options = dump_options,
     .examples = "bolide store dump --data-dir data --count 10 -o json"},
    {.path = "store export",
     .doc = "write what Apache RocketMQ's broker wants beside the log",
     .run = export_files,
     .options = directory_options,
     .examples = "bolide store export --data-dir data"},
};

}  // namespace

std::span<const CommandRow> store_commands() {
  return rows;
}

}  // namespace bolide::app
