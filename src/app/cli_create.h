// SPDX-License-Identifier: Apache-2.0
//
// bolide topic create, group create: they make what is not there, and change what was given of what
// is.
// Runs on: the main thread.  Owns: nothing.  Invariant: a setting that was not given stays.
#pragma once

#include "app/command.h"

#include <string>

namespace bolide::app {

Exit create_topic(const Arguments& arguments, Streams streams);
Exit create_group(const Arguments& arguments, Streams streams);

// r, w, rw or none.
std::string perm_text(bool readable, bool writable);

inline constexpr OptionRow create_topic_options[] = {
    {.names = "TOPIC", .doc = "its name", .required = true},
    {.names = "--queues",
     .takes = Takes::number,
     .value = "N",
     .doc = "how many per broker (4)",
     .least = 1,
     .most = 65536},
    {.names = "--shrink",
     .takes = Takes::flag,
     .doc = "with --queues: fewer than there are, whose messages nobody sees then"},
    {.names = "--perm",
     .takes = Takes::choice,
     .value = "r|w|rw",
     .doc = "what clients may do (rw)"},
    {.names = "--order", .takes = Takes::flag, .doc = "keep the order when a broker is away"},
    {.names = "--no-order", .takes = Takes::flag, .doc = "go on with the other brokers then"},
    {.names = "--attribute",
     .value = "NAME=VALUE",
     .doc = "as RocketMQ knows them; may be given again",
     .many = true},
    {.names = "--remove-attribute",
     .value = "NAME",
     .doc = "take it away from a topic that has it; may be given again",
     .many = true},
    {.names = "--cluster", .value = "NAME", .doc = "only on this cluster's brokers"},
};
inline constexpr OptionRow create_group_options[] = {
    {.names = "GROUP", .doc = "its name", .required = true},
    {.names = "--retries",
     .takes = Takes::number,
     .value = "N",
     .doc = "how often a failed message comes again (16)",
     .most = 1'000'000},
    {.names = "--retry-queues",
     .takes = Takes::number,
     .value = "N",
     .doc = "queues of what comes again, per broker (1)",
     .most = 65536},
    {.names = "--ordered", .takes = Takes::flag, .doc = "its members consume in order"},
    {.names = "--not-ordered", .takes = Takes::flag, .doc = "they need not"},
    {.names = "--no-broadcasting",
     .takes = Takes::flag,
     .doc = "no member may consume in broadcasting mode"},
    {.names = "--broadcasting", .takes = Takes::flag, .doc = "they may"},
    {.names = "--disabled", .takes = Takes::flag, .doc = "its members get no messages"},
    {.names = "--enabled", .takes = Takes::flag, .doc = "they get them"},
    {.names = "--cluster", .value = "NAME", .doc = "only on this cluster's brokers"},
};

}  // namespace bolide::app
