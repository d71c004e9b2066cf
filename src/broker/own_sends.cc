// SPDX-License-Identifier: Apache-2.0
//
// The broker's own sends.
// Runs on: core agent.  Owns: what waits to be stored.  Invariant: see own_sends.h.
#include "broker/own_sends.h"

#include <utility>

namespace bolide::broker {

void OwnSends::store(SendRequest request, const Now& now, Done done) {
  std::int32_t token = 0;
  do token = static_cast<std::int32_t>(++next_);
  while (waiting_.contains(token));
  request.ticket = {.sink = this, .token = token};
  if (request.origin == Origin::client) request.origin = Origin::broker;
  waiting_.emplace(token, std::move(done));
  sender_.send(request, now);
}

void OwnSends::on_send(const Ticket& ticket, const SendResult& result) {
  auto found = waiting_.extract(ticket.token);
  if (found.empty()) return;
  if (result.error) return found.mapped()(Failure(*result.error));
  found.mapped()(Stored{.queue_offset = result.queue_offset, .position = result.positions.front()});
}

bool hopeless(const Error& error) {
  switch (error.code) {
    case Errc::message_invalid:
    case Errc::message_too_large:
    case Errc::malformed:
    case Errc::not_supported:
    case Errc::invalid_argument: return true;
    default: return false;
  }
}

SendRequest request_of(const store::Record& record) {
  SendRequest request;
  request.topic = record.topic;
  request.queue_id = record.queue_id;
  request.sys_flag = record.sys_flag;
  request.flag = record.flag;
  request.born_ms = record.born_ms;
  request.born_host = record.born_host;
  request.properties = record.properties;
  request.reconsume_times = record.reconsume_times;
  request.body = record.body;
  return request;
}

}  // namespace bolide::broker
