// SPDX-License-Identifier: Apache-2.0
//
// What the commands that talk to servers share.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/admin.h>
#include <bolide/client.h>
#include <bolide/producer.h>

#include "app/command.h"
#include "base/result.h"

namespace bolide::app {

// Of a message that a command sends; brokers have smaller bounds of their own.
inline constexpr std::size_t message_bytes_max = std::size_t{64} << 20;

// A client of the cluster that flags, environment, context or the default name, in this order.
// Errors: usage, config, not_found (no such context), invalid_argument.
Result<Client> open_client(const Arguments& arguments);
Result<Admin> open_admin(const Arguments& arguments);
// A producer's, that gives up when --timeout is over and leaves to brokers how large a message is.
ProducerOptions producer_options(const Arguments& arguments, std::string group);
// A producer tries again until its time is over; who waits at a terminal is told at once that no
// name server answers. That there is no such topic is no error: a broker may make it.
Result<> check_route(const Client& client, const std::string& topic);

// A topic has no queue of the number that was asked for.
Error queue_missing(std::string context, const std::string& topic);

// The library's results as ours. Requires !status.ok().
Error error_of(const Status& status);
Result<> checked(const Status& status);
template <class T>
Result<T> checked(StatusOr<T> result) {
  if (result.ok()) return std::move(*result);
  return Failure(error_of(result.status()));
}

// The same result, whose error, if it is of this code, has this fix.
template <class T>
Result<T> fixed(Result<T> result, Errc code, std::string_view fix) {
  if (result || result.error().code != code) return result;
  return Failure(std::move(result).error().fixed_by(fix));
}

}  // namespace bolide::app
