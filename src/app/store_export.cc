// SPDX-License-Identifier: Apache-2.0
//
// Making a stopped server's directory ready for Apache RocketMQ's broker.
// Runs on: the main thread.  Owns: nothing.  Invariant: see store_export.h.
#include "app/store_export.h"

#include "base/log.h"
#include "broker/rocketmq_files.h"
#include "os/clock.h"

#include <set>

namespace bolide::app {
namespace {

constexpr std::int64_t show_interval_ms = 2'000;

}  // namespace

Result<store::ExportReport> export_for_apache(os::FileSystem& fs, const std::string& directory,
                                              const std::function<void(int percent)>& show) {
  BOLIDE_TRY(const auto metadata, broker::read_rocketmq_files(fs, directory));
  std::set<std::string, std::less<>> batch_topics;
  for (const broker::TopicConfig& topic : metadata.topics) {
    const auto type = topic.attributes.find("queue.type");
    if (type != topic.attributes.end() && type->second == "BatchCQ")
      batch_topics.insert(topic.name);
  }
  const Clock& clock = os::system_clock();
  store::ExportOptions options;
  if (!batch_topics.empty())
    options.leave_out = [&](std::string_view topic) { return batch_topics.contains(topic); };
  options.progress = [&, shown_ms = clock.now().steady_ms()](std::int64_t done,
                                                             std::int64_t total) mutable {
    const std::int64_t now_ms = clock.now().steady_ms();
    if (now_ms - shown_ms < show_interval_ms) return;
    shown_ms = now_ms;
    show(static_cast<int>(done * 100 / total));
  };
  BOLIDE_TRY(const auto report, store::export_store(fs, directory, options));
  if (report.left_out != 0)
    BOLIDE_LOG(warning, "{}: {} messages of batch topics are not in the consume queues", directory,
               report.left_out);
  return report;
}

}  // namespace bolide::app
