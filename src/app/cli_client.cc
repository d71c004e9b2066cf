// SPDX-License-Identifier: Apache-2.0
//
// Opening a client as the command line says.
// Runs on: the main thread.  Owns: nothing.  Invariant: see cli_client.h.
#include "app/cli_client.h"

#include "app/access_key.h"
#include "app/context.h"
#include "app/settings_load.h"

#include <chrono>
#include <cstdlib>

namespace bolide::app {
namespace {

constexpr std::int64_t timeout_ms = 5000;

std::chrono::milliseconds timeout_of(const Arguments& arguments) {
  return std::chrono::milliseconds(arguments.duration_ms("--timeout", timeout_ms));
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string environment_name_servers() {
  // RocketMQ's own tools read the second variable.
  std::string own = variable(name_servers_variable);
  return own.empty() ? variable("NAMESRV_ADDR") : own;
}

void take_tls(const Context& context, TlsOptions* tls) {
  tls->enabled = context.tls || context.tls_insecure;
  tls->verify = !context.tls_insecure;
  tls->trusted_file = context.tls_ca;
  tls->certificate_file = context.tls_cert;
  tls->key_file = context.tls_key;
}

}  // namespace

Result<Client> open_client(const Arguments& arguments) {
  ClientOptions options;
  options.request_timeout = timeout_of(arguments);
  const std::string environment = environment_name_servers();
  Context context;
  // A context that is named by a flag stands above the environment, the current one below.
  if (arguments.has("--context")) {
    BOLIDE_TRY(context, find_context(arguments.text("--context")));
  } else if (environment.empty() && !arguments.has("--namesrv")) {
    BOLIDE_TRY(context, current_context());
  } else {
    context.namesrv = environment;
  }
  merge_flags(arguments, &context);
  take_tls(context, &options.tls);
  const std::string key_file = context.access_key_file.empty() ? variable("BOLIDE_ACCESS_KEY_FILE")
                                                               : context.access_key_file;
  if (!key_file.empty()) {
    BOLIDE_TRY(options.access_key, load_access_key(key_file));
  }
  options.name_servers = context.namesrv.empty() ? "127.0.0.1:9876" : context.namesrv;
  return checked(Client::open(std::move(options)));
}

Result<Admin> open_admin(const Arguments& arguments) {
  BOLIDE_TRY(const Client client, open_client(arguments));
  return Admin(client);
}

ProducerOptions producer_options(const Arguments& arguments, std::string group) {
  return {.group = std::move(group),
          .send_timeout = timeout_of(arguments),
          .message_bytes_max = message_bytes_max};
}

Result<> check_route(const Client& client, const std::string& topic) {
  const auto route = Admin(client).route(topic);
  if (route.ok() || route.status().code() == Errc::topic_not_found) return {};
  return checked(route.status());
}

Error queue_missing(std::string context, const std::string& topic) {
  return Error{Errc::queue_out_of_range, std::move(context)}.fixed_by(
      "name another queue, or none; 'bolide topic describe " + topic + "' shows those it has");
}

Error error_of(const Status& status) {
  return {status.code(), status.cause(), status.fix()};
}

Result<> checked(const Status& status) {
  if (status.ok()) return {};
  return Failure(error_of(status));
}

}  // namespace bolide::app
