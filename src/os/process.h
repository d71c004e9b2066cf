// SPDX-License-Identifier: Apache-2.0
//
// What the program asks of the machine about itself: resources, names, limits.
// Runs on: any agent.  Owns: nothing.  Invariant: none of it fails; what cannot be known is 0 or
// empty.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace bolide::os {

struct ProcessUsage {
  std::uint64_t resident_bytes = 0;
  std::int64_t user_cpu_us = 0;
  std::int64_t system_cpu_us = 0;
  std::uint64_t open_files = 0;

  double cpu_seconds() const { return static_cast<double>(user_cpu_us + system_cpu_us) / 1e6; }
};

// Of this process, now. Reads a file of /proc: for metrics, not for the path of a message.
ProcessUsage process_usage();

std::int64_t process_id();

// A process of this user that has the file open; 0 if none is found. Looks at every process.
std::int64_t process_that_has(const std::string& path);

// A number that nobody can guess and that is another with each call, of this process or any other.
std::uint64_t random_number();

// The machine's name; "localhost" if it has none.
std::string host_name();

// Processors this process may run on, at least 1.
unsigned cpu_count();

// The first IPv4 address of an interface that is up and is not loopback; else 127.0.0.1.
std::string local_ipv4();

// Raises the limit of open descriptors to what the system permits; returns the limit now in force.
// Errors: io, no_permission; the limit is then what it was.
Result<std::uint64_t> raise_descriptor_limit();

}  // namespace bolide::os
