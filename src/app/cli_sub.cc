// SPDX-License-Identifier: Apache-2.0
//
// bolide sub: prints messages as they come.
// Runs on: the main thread.  Owns: nothing.
// Invariant: a message that was printed has left for the reader of standard output.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/message_text.h"
#include "app/time_place.h"
#include "client/subscriber.h"
#include "os/clock.h"

#include <ostream>

namespace bolide::app {
namespace {

Result<client::StartAt> parse_start(const std::string& text) {
  using Kind = client::StartAt::Kind;
  if (text == "first") return client::StartAt{Kind::first, 0};
  if (text == "last") return client::StartAt{Kind::last, 0};
  BOLIDE_TRY(const WallMs time_ms, parse_time_place(text, os::system_clock().now().wall_ms));
  return client::StartAt{Kind::time, time_ms};
}

}  // namespace

Result<> sub_command(const CommandLine& line, Streams streams) {
  BOLIDE_TRY(const auto start, parse_start(line.sub.from));
  BOLIDE_TRY(auto settings, client_settings(line));
  client::Connections connections(std::move(settings));
  BOLIDE_TRY(auto subscriber,
             client::Subscriber::open(connections, line.sub.topic, start, line.sub.tags));
  std::uint64_t printed = 0;
  return subscriber.run([&](const ReceivedMessage& message, const std::string& broker) {
    streams.out << (line.json ? message_json(message, broker) : message.body) << '\n';
    streams.out.flush();
    return streams.out.good() && ++printed != line.sub.count;
  });
}

}  // namespace bolide::app
