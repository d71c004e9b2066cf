// SPDX-License-Identifier: Apache-2.0
//
// The broker's state as RocketMQ's tools read it (request 28): names and forms are theirs.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"

#include <fmt/core.h>

namespace bolide::broker {
namespace {

std::string days_to_seconds(std::int64_t ms) {
  const std::int64_t seconds = ms / 1000;
  return fmt::format("[ {} days, {} hours, {} minutes, {} seconds ]", seconds / 86'400,
                     seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

// -1 where the log is empty.
std::int64_t first_store_ms(store::MessageStore& store, std::int64_t min_position) {
  store::Record record;
  if (min_position >= store.safe_position()) return -1;
  const auto read = store.read_position(min_position);
  if (read.records.empty() ||
      store::decode_record(read.records.front().view(), store::Verify::header, &record) !=
          store::DecodeStatus::record) {
    return -1;
  }
  return record.store_ms;
}

}  // namespace

void Core::runtime_info(const Identity&, Reply<std::map<std::string, std::string>> reply) {
  const store::StoreStats store = store_.stats();
  const SendStats& in = sender_.stats();
  const PullStats out = puller_.stats();
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const double average_bytes = store.appended_messages == 0
                                   ? 0
                                   : static_cast<double>(store.appended_bytes) /
                                         static_cast<double>(store.appended_messages);
  const double disk_ratio = store.disk_used_percent / 100.0;
  std::map<std::string, std::string> table;
  table["brokerVersionDesc"] = settings_.version_text;
  table["brokerVersion"] = number(settings_.version_number);
  table["bootTimestamp"] = number(started_ms_);
  table["runtime"] = days_to_seconds(now().wall_ms - started_ms_);
  table["brokerActive"] = "true";
  table["msgPutTotalTodayNow"] = number(in.messages);
  table["msgPutTotalTodayMorning"] = "0";
  table["msgPutTotalYesterdayMorning"] = "0";
  table["msgGetTotalTodayNow"] = number(out.messages);
  table["msgGetTotalTodayMorning"] = "0";
  table["msgGetTotalYesterdayMorning"] = "0";
  table["putMessageTimesTotal"] = number(in.messages);
  table["getMessageTransferredMsgCount"] = number(out.messages);
  table["putMessageFailedTimes"] = number(in.refused);
  table["putMessageSizeTotal"] = number(store.appended_bytes);
  table["putMessageAverageSize"] = fmt::format("{:.2f}", average_bytes);
  table["putTps"] = fmt::format("{0:.2f} {0:.2f} {0:.2f}", rates_.in_per_s);
  table["getTransferredTps"] = fmt::format("{0:.2f} {0:.2f} {0:.2f}", rates_.out_per_s);
  table["getTotalTps"] = table["getTransferredTps"];
  table["getFoundTps"] = table["getTransferredTps"];
  table["getMissTps"] = "0.00 0.00 0.00";
  table["commitLogMinOffset"] = number(store.min_position);
  table["commitLogMaxOffset"] = number(store.max_position);
  table["commitLogDiskRatio"] = fmt::format("{}", disk_ratio);
  table["consumeQueueDiskRatio"] = fmt::format("{}", disk_ratio);
  table["dispatchBehindBytes"] = "0";
  table["dispatchMaxBuffer"] = "0";
  table["pageCacheLockTimeMills"] = "0";
  table["sendThreadPoolQueueSize"] = "0";
  table["sendThreadPoolQueueCapacity"] = "10000";
  table["sendThreadPoolQueueHeadWaitTimeMills"] = "0";
  table["pullThreadPoolQueueSize"] = number(out.parked);
  table["pullThreadPoolQueueCapacity"] = "100000";
  table["pullThreadPoolQueueHeadWaitTimeMills"] = "0";
  table["queryThreadPoolQueueSize"] = "0";
  table["queryThreadPoolQueueCapacity"] = "20000";
  table["queryThreadPoolQueueHeadWaitTimeMills"] = "0";
  table["EndTransactionQueueSize"] = "0";
  table["EndTransactionThreadPoolQueueCapacity"] = "100000";
  table["timerReadBehind"] = "0";
  table["timerOffsetBehind"] = "0";
  table["timerCongestNum"] = "0";
  table["timerEnqueueTps"] = "0.0";
  table["timerDequeueTps"] = "0.0";
  table["earliestMessageTimeStamp"] = number(first_store_ms(store_, store.min_position));
  table["startAcceptSendRequestTimeStamp"] = number(0);
  table["remainHowManyDataToFlush"] =
      fmt::format("{} B", store.max_position - store.synced_position);
  table["remainHowManyDataToCommit"] = "0 B";
  reply(std::move(table));
}

}  // namespace bolide::broker
