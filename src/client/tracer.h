// SPDX-License-Identifier: Apache-2.0
//
// Tracer: writes what becomes of a producer's or consumer's messages into the topic of traces
// (rocketmq 3.12), in batches, by a producer of its own.
// Runs on: any thread.  Owns: what is not sent yet.
// Invariant: it never waits and never fails its caller: what cannot be kept or sent is lost.
#pragma once

#include "client/producer_core.h"
#include "client/trace_record.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

struct TracerSettings {
  std::string topic = {};  // empty: RocketMQ's
  std::string group = {};  // whose messages, as on the wire
  bool consumes = false;
};

class Tracer : public std::enable_shared_from_this<Tracer> {
 public:
  // Any thread. Begins to work.
  static std::shared_ptr<Tracer> start(const std::shared_ptr<Core>& core, TracerSettings settings);
  // Any thread but the agent: sends what there is and waits for that a while; then nothing more is
  // taken.
  void stop();

  // A message of the topic of traces itself is not traced.
  bool traces(std::string_view topic) const { return !topic.starts_with(topic_); }
  // Names as the user calls them. The record's region and group are filled in where they are empty.
  void add(TraceRecord record);
  // What a producer knows when the broker has answered: `properties` as sent, the answer's fields.
  struct Sent {
    std::string topic;
    std::string_view properties;
    std::string_view region;
    std::string store_host;
    std::string_view offset_ids;  // joined by commas
    const std::vector<std::string>& ids;
    std::size_t body_bytes = 0;
    std::int64_t cost_ms = 0;
    bool success = true;
  };
  void sent(const Sent& sent);
  // Around a call of a listener; returns what joins the two.
  std::string before(std::span<const ReceivedMessage> messages);
  void after(const std::string& request_id, std::span<const ReceivedMessage> messages,
             std::int64_t cost_ms, TraceRecord::Code code);

 private:
  // Records of one topic's messages, which go together.
  struct Batch {
    std::string body;
    std::set<std::string> keys;
    std::size_t key_bytes = 0;
  };

  Tracer(const std::shared_ptr<Core>& core, TracerSettings settings);
  void flush();
  void send(Batch batch);

  const std::string topic_;
  const std::string group_;  // as the user calls it
  const std::shared_ptr<ProducerCore> producer_;
  std::unique_ptr<net::Agent::Timer> timer_;  // on the agent

  std::mutex mutex_;
  std::map<std::string, Batch> batches_;
  std::size_t bytes_ = 0;
  bool stopped_ = false;
};

}  // namespace bolide::client
