// SPDX-License-Identifier: Apache-2.0
//
// Runs every case of the client library against one server, several at a time.
// With --mode it plays a part in a test of tests/scenarios instead (see modes.cc).
// Prints "PASS name ms" or "FAIL name cause" for each, and "N passed, M failed" last.
// Runs on: its main thread and one thread per job.  Owns: the list of cases.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace cases {
namespace {

class Suite {
 public:
  Suite(Context context, std::vector<NamedCase> cases)
      : context_(std::move(context)), cases_(std::move(cases)) {}

  int run(int jobs) {
    std::vector<std::thread> threads;
    for (int i = 0; i < jobs; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    std::printf("%d passed, %d failed\n", passed_, failed_);
    return failed_ == 0 && passed_ > 0 ? 0 : 1;
  }

 private:
  void work() {
    while (true) {
      const NamedCase* next = nullptr;
      {
        const std::lock_guard lock(mutex_);
        if (next_ == cases_.size()) return;
        next = &cases_[next_++];
      }
      run(*next);
    }
  }

  void run(const NamedCase& one) {
    const auto start = std::chrono::steady_clock::now();
    std::string cause;
    try {
      one.run(context_);
    } catch (const std::exception& failed) {
      cause = failed.what();
      if (cause.empty()) cause = "without a cause";
    }
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    const std::lock_guard lock(mutex_);
    ++(cause.empty() ? passed_ : failed_);
    if (cause.empty())
      std::printf("PASS %s %lld ms\n", one.name, static_cast<long long>(ms.count()));
    if (!cause.empty()) std::printf("FAIL %s %s\n", one.name, cause.c_str());
    std::fflush(stdout);
  }

  Context context_;
  std::vector<NamedCase> cases_;
  std::mutex mutex_;
  std::size_t next_ = 0;
  int passed_ = 0;
  int failed_ = 0;
};

// Whether `name` holds one of the comma-separated `words`.
bool matches(const std::string& name, const std::string& words) {
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(',', at), words.size());
    if (name.find(words.substr(at, end - at)) != std::string::npos) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace
}  // namespace cases

int main(int argc, char** argv) {
  std::string name_servers, only, without, mode, topic, access_key;
  int jobs = 8, count = 300;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--namesrv") == 0) name_servers = argv[i + 1];
    if (std::strcmp(argv[i], "--only") == 0) only = argv[i + 1];
    if (std::strcmp(argv[i], "--except") == 0) without = argv[i + 1];
    if (std::strcmp(argv[i], "--jobs") == 0) jobs = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--access-key") == 0) access_key = argv[i + 1];
    if (std::strcmp(argv[i], "--mode") == 0) mode = argv[i + 1];
    if (std::strcmp(argv[i], "--topic") == 0) topic = argv[i + 1];
    if (std::strcmp(argv[i], "--count") == 0) count = std::atoi(argv[i + 1]);
  }
  if (name_servers.empty()) {
    std::fprintf(stderr, "client_cases: --namesrv HOST:PORT is missing\n");
    return 64;
  }
  // "name:secret"
  const std::size_t colon = std::min(access_key.find(':'), access_key.size());
  const cases::Context context(
      name_servers, {.name = access_key.substr(0, colon),
                     .secret = colon < access_key.size() ? access_key.substr(colon + 1) : ""});
  if (mode == "send") return cases::send_until_told(context, topic);
  if (mode == "send-once") return cases::send_until_told(context, topic, true);
  if (mode == "read") return cases::read_expected(context, topic);
  if (mode == "cycle") return cases::make_and_destroy(context, count);
  std::vector<cases::NamedCase> wanted;
  for (const auto& list :
       {cases::feature_cases(), cases::retry_cases(), cases::push_cases(), cases::pull_cases(),
        cases::simple_cases(), cases::send_cases(), cases::lifetime_cases()}) {
    for (const auto& one : list) {
      if ((only.empty() || cases::matches(one.name, only)) && !cases::matches(one.name, without))
        wanted.push_back(one);
    }
  }
  return cases::Suite(context, wanted).run(jobs);
}
