// SPDX-License-Identifier: Apache-2.0
//
// bolide message trace|trace-path: what became of a message.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "app/command.h"

namespace bolide::app {

// What clients wrote about it into the topic of traces.
Exit message_trace(const Arguments& arguments, Streams streams);
// Where it lies, and how far each group is with it, as the brokers know it.
Exit message_path(const Arguments& arguments, Streams streams);

inline constexpr OptionRow trace_options[] = {
    {.names = "ID",
     .doc = "the id that its producer gave it, or one of its keys",
     .required = true},
    {.names = "--trace-topic",
     .takes = Takes::topic,
     .value = "TOPIC",
     .doc = "where clients write traces (RMQ_SYS_TRACE_TOPIC)"},
    {.names = "--from", .value = "TIME", .doc = "traced since then: 2026-01-31T12:00:00Z or 15m"},
    {.names = "--to", .value = "TIME", .doc = "traced until then"},
};
inline constexpr OptionRow path_options[] = {
    {.names = "TOPIC", .takes = Takes::topic, .doc = "where it was sent to", .required = true},
    {.names = "ID", .doc = "the id that its producer gave it", .required = true},
};

}  // namespace bolide::app
