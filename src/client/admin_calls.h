// SPDX-License-Identifier: Apache-2.0
//
// AdminCalls: requests of an administrator, whose answers the caller waits for.
// Runs on: any thread but the client's agent.  Owns: a share of the core.
// Invariant: none.
#pragma once

#include "base/fields_json.h"
#include "base/result.h"
#include "client/bodies.h"
#include "client/core.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::client {

struct Question {
  std::string address = {};  // empty: any name server
  std::string what = {};     // for errors: "settings of topic x"
  std::int32_t code = 0;
  std::vector<Arg> args = {};
  std::string body = {};
};

struct Answer {
  std::int32_t version = 0;  // of the server (wire 1.6)
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  std::string_view field(std::string_view name) const;
  // Errors: malformed, naming the field.
  Result<std::int64_t> number(std::string_view name) const;
};

class AdminCalls {
 public:
  explicit AdminCalls(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  std::int64_t request_timeout_ms() const { return core_->settings().request_timeout_ms; }
  // Errors: where they are listed by an HTTP server, those of asking it.
  Result<std::vector<net::Address>> name_servers() const;

  // Errors: those of the network; that of a code other than success, naming `what`.
  Result<Answer> ask(Question question) const;
  // All at once; the answers stand in the order of the questions.
  std::vector<Result<Answer>> ask_all(std::vector<Question> questions) const;

  // Errors: topic_not_found.
  Result<TopicRoute> route(const std::string& topic) const;
  Result<ClusterInfo> clusters() const;
  // Errors: not_found (no such cluster, no broker).
  Result<std::vector<BrokerData>> masters(const std::string& cluster = {}) const;

 private:
  Result<Answer> ask_name_server(Question question) const;

  std::shared_ptr<Core> core_;
};

// Asks each broker the same; the answers stand in the order of the brokers.
std::vector<Result<Answer>> ask_brokers(const AdminCalls& calls,
                                        const std::vector<BrokerData>& brokers,
                                        const Question& question);

// "5.5.0" for MQVersion's number (wire 1.6).
std::string version_text(std::int32_t version);

}  // namespace bolide::client
