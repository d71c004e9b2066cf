// SPDX-License-Identifier: Apache-2.0
//
// What a measurement of messages has found.
// Runs on: the main thread.  Owns: its numbers.  Invariant: none.
#pragma once

#include "app/doc.h"
#include "app/histogram.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace bolide::app {

struct BenchReport {
  std::int64_t messages = 0;
  std::int64_t bytes = 0;
  std::int64_t errors = 0;
  std::optional<Error> first_error = {};
  double seconds = 0;
  double cpu_seconds = 0;  // of this process
};

Doc bench_doc(const BenchReport& report, const Histogram& latency);
std::string bench_text(const BenchReport& report, const Histogram& latency);

// Bodies of a measurement begin with the time of sending by the machine's steady clock.
std::string stamped_body(std::size_t size);
void stamp(std::string* body, std::int64_t now_ns);
// How long ago a body was stamped; -1 where it was not, or on another machine.
std::int64_t age_ns(const std::string& body, std::int64_t now_ns);

}  // namespace bolide::app
