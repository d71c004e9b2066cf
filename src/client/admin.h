// SPDX-License-Identifier: Apache-2.0
//
// Admin: topics as an administrator sees them, by the requests that RocketMQ's own tools send.
// Runs on: one thread.  Owns: nothing; the connections are the caller's and must outlive it.
// Invariant: a change is made on every broker that it concerns, or reported as an error.
#pragma once

#include "base/result.h"
#include "client/bodies.h"
#include "client/connections.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bolide::client {

struct TopicSpec {
  std::string name;
  std::int32_t queues = 4;  // per broker
  std::int32_t perm = permission::read | permission::write;
  bool order = false;
  std::map<std::string, std::string> attributes;
  std::string cluster;  // empty: every cluster
};

// One broker's share of a topic.
struct TopicShare {
  std::string broker;
  std::string cluster;
  std::string address;
  TopicConfig config;
};

struct TopicDescription {
  std::string name;
  std::vector<TopicShare> shares;
  std::map<QueueKey, QueueStats> queues;
};

struct TopicRow {
  std::string name;
  bool system = false;  // not made by users
};

class Admin {
 public:
  explicit Admin(Connections& connections) : connections_(connections) {}

  // Sorted by name.
  Result<std::vector<TopicRow>> topics();
  // Makes the topic, or changes it if it exists, on every master; returns when the name server
  // knows it. Errors: not_found (no broker), timeout, what a broker answers.
  Result<> create_topic(const TopicSpec& spec);
  // Errors: topic_not_found, what a broker answers.
  Result<> delete_topic(const std::string& topic);
  // Errors: topic_not_found.
  Result<TopicDescription> describe_topic(const std::string& topic);

 private:
  Result<ClusterInfo> clusters();
  Result<std::vector<std::string>> masters_of(const std::string& cluster);
  Result<> wait_for_route(const TopicSpec& spec, std::size_t masters);

  Connections& connections_;
};

}  // namespace bolide::client
