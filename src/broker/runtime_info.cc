// SPDX-License-Identifier: Apache-2.0
//
// The broker's state as RocketMQ's tools read it (request 28): names and forms are theirs.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"

#include <fmt/core.h>

namespace bolide::broker {

void Core::runtime_info(const Identity&, Reply<std::map<std::string, std::string>> reply) {
  const store::StoreStats store = store_.stats();
  const SendStats& in = sender_.stats();
  const PullStats& out = puller_.stats();
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const double average_bytes =
      in.messages == 0 ? 0 : static_cast<double>(in.bytes) / static_cast<double>(in.messages);
  const double disk_ratio = store.disk_used_percent / 100.0;
  std::map<std::string, std::string> table;
  table["brokerVersionDesc"] = settings_.version_text;
  table["brokerVersion"] = number(settings_.version_number);
  table["bootTimestamp"] = number(started_ms_);
  table["runtime"] = fmt::format("[ {} ms ]", now().wall_ms - started_ms_);
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
  table["putMessageSizeTotal"] = number(in.bytes);
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
  table["earliestMessageTimeStamp"] = number(-1);
  table["startAcceptSendRequestTimeStamp"] = number(0);
  table["remainHowManyDataToFlush"] =
      fmt::format("{} B", store.max_position - store.synced_position);
  table["remainHowManyDataToCommit"] = "0 B";
  reply(std::move(table));
}

}  // namespace bolide::broker
