// SPDX-License-Identifier: Apache-2.0
//
// What every case of the client library's suite needs: names that no other case has, a client, a
// sink for consumers, and waiting for conditions.
// Runs on: the case's thread; a Sink is filled by the library's.  Owns: what it made.
// Invariant: a failed expectation ends its case with a Failed that says what was seen.
#pragma once

#include <bolide/bolide.h>

#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace cases {

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void expect(bool truth, const std::string& what);

template <class T>
T must(bolide::StatusOr<T> result, const std::string& what) {
  if (!result) throw Failed(what + ": " + result.status().message());
  return std::move(*result);
}

// Until `done` is true, at most 20 s.
void await(const std::string& what, const std::function<bool()>& done,
           std::chrono::milliseconds limit = std::chrono::seconds(20));

class Context {
 public:
  explicit Context(std::string name_servers, bolide::AccessKey access_key = {})
      : name_servers_(std::move(name_servers)), access_key_(std::move(access_key)) {}

  const std::string& name_servers() const { return name_servers_; }
  bool has_access_key() const { return !access_key_.name.empty(); }
  bolide::Client client(const std::string& instance = "", const std::string& name_space = "") const;
  bolide::Producer producer(bolide::ProducerOptions options = {}) const;
  // A name that no other case of any run has.
  std::string unique(const std::string& prefix) const;
  // A topic that exists and takes messages, made by a first message (which is not counted).
  std::string topic() const;
  // Bodies "<prefix><number>", each sent and acknowledged.
  std::vector<std::string> send_many(const std::string& topic, const std::string& prefix,
                                     int count) const;

 private:
  std::string name_servers_;
  bolide::AccessKey access_key_;
};

// Sends ten messages, whose property `amount` is their body: 0 to 9. Their tags are a, b, a, b...
void send_amounts(const Context& context, const std::string& topic);

// Collects what listeners get.
class Sink {
 public:
  bolide::MessageListener listener();

  std::size_t count() const;
  std::vector<bolide::ReceivedMessage> messages() const;
  std::multiset<std::string> bodies() const;
  // Waits for exactly these bodies, each at least once, and none but these.
  void await_bodies(const std::vector<std::string>& expected) const;

 private:
  mutable std::mutex mutex_;
  std::vector<bolide::ReceivedMessage> messages_;
};

using Case = void (*)(Context& context);
struct NamedCase {
  const char* name;
  Case run;
};
// Of the files beside this one.
std::vector<NamedCase> send_cases();
std::vector<NamedCase> push_cases();
std::vector<NamedCase> pull_cases();
std::vector<NamedCase> simple_cases();
std::vector<NamedCase> retry_cases();
std::vector<NamedCase> feature_cases();
std::vector<NamedCase> lifetime_cases();

// modes.cc: parts in tests that also kill servers. Each returns the exit status.
int send_until_told(const Context& context, const std::string& topic, bool idempotent = false);
int read_expected(const Context& context, const std::string& topic);
int make_and_destroy(const Context& context, int cycles);

}  // namespace cases
