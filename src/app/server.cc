// SPDX-License-Identifier: Apache-2.0
//
// `bolide server`: the composition root. Makes the agents and roles, runs them, stops them in
// order. Runs on: the main thread.  Owns: everything.  Invariant: what was acknowledged is saved
// before it returns 0.
#include "app/server.h"

#include "app/admin_role.h"
#include "app/agents.h"
#include "app/broker_role.h"
#include "app/naming_role.h"
#include "app/output.h"
#include "app/server_settings.h"
#include "app/settings_load.h"
#include "base/log.h"
#include "net/tls.h"
#include "os/clock.h"
#include "os/process.h"
#include "os/signals.h"
#include "table/options.h"

#include <fmt/core.h>

#include <csignal>
#include <ostream>

namespace bolide::app {
namespace {

using table::Opt;

constexpr std::string_view default_name_server = "127.0.0.1:9876";  // of the commands
constexpr std::int64_t drain_poll_ms = 20;
constexpr int answer_polls_max = 250;  // five seconds for the disk to make the last sends safe
constexpr int drain_polls_max = 50;    // one second for peers to take their last answers

// Loopback is plain by default; a certificate of one's own or enforcing makes a context.
Result<std::shared_ptr<net::TlsContext>> tls_context(const table::Options& options) {
  if (options.choice<net::TlsMode>(Opt::tls_mode) == net::TlsMode::disabled) {
    return std::shared_ptr<net::TlsContext>();
  }
  return net::TlsContext::server({.certificate_file = options.text(Opt::tls_certificate),
                                  .key_file = options.text(Opt::tls_key),
                                  .key_password = options.text(Opt::tls_key_password)});
}

// Of those that os::Signals passes on.
std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGTERM: return "SIGTERM";
    case SIGINT: return "SIGINT";
    case SIGHUP: return "SIGHUP";
    default: return "a signal";
  }
}

class Server {
 public:
  explicit Server(const table::Options& options)
      : options_(options),
        agents_(os::system_clock()),
        transport_(net::make_tcp_transport(agents_.serve)) {}

  Result<> start() {
    os::ignore_write_signals();
    if (auto raised = os::raise_descriptor_limit(); !raised) {
      BOLIDE_LOG(warning, "descriptor limit: {}", raised.error().message());
    }
    BOLIDE_TRY(auto signals, os::Signals::start([this](int signal) {
                 agents_.serve.post([this, signal] { stop(signal); });
               }));
    signals_ = std::move(signals);
    BOLIDE_TRY(auto tls, tls_context(options_));
    agents_.start_workers();
    if (has_role(options_, "naming")) {
      BOLIDE_TRY(naming_, NamingRole::start(options_, os::posix_file_system(), agents_.serve,
                                            *transport_, tls));
    }
    if (has_role(options_, "broker")) {
      BOLIDE_TRY(broker_,
                 BrokerRole::start({.options = options_,
                                    .fs = os::posix_file_system(),
                                    .agents = agents_,
                                    .transport = *transport_,
                                    .tls = tls,
                                    .naming_port = naming_ ? naming_->port() : std::uint16_t{0}}));
    }
    BOLIDE_TRY(admin_, AdminRole::start({.options = options_,
                                         .transport = *transport_,
                                         .naming = naming_.get(),
                                         .broker = broker_.get()}));
    return {};
  }

  void announce(std::ostream& out) {
    out << fmt::format("bolide {}\n", version_text);
    out << fmt::format("  data         {}\n", options_.text(Opt::server_data_dir));
    if (naming_)
      out << fmt::format("  name server  {}\n",
                         bound(options_.text(Opt::naming_listen), naming_->port()));
    if (broker_) {
      const store::StoreStats stats = broker_->store_stats();
      out << fmt::format("  broker       {} ({}, cluster {})\n",
                         bound(options_.text(Opt::broker_listen), broker_->port()),
                         options_.text(Opt::broker_name), options_.text(Opt::broker_cluster));
      out << fmt::format("  clients will be told {}\n", broker_->address().text());
      if (const std::string others = other_name_servers(); !others.empty())
        out << fmt::format("  registers with {}\n", others);
      out << fmt::format("  reply level  {}\n", options_.shown(Opt::store_reply_level));
      out << fmt::format("  recovery     {} in {} ms, {} messages read\n",
                         stats.max_position == 0 ? "new directory"
                         : stats.clean_start     ? "clean stop"
                                                 : "unclean stop",
                         broker_->opened_in_ms(), stats.recovered_messages);
    }
    for (const std::string& address : admin_->addresses())
      out << fmt::format("  metrics      http://{}/metrics\n", address);
    for (const std::string& warning : options_.warnings()) out << "  warning: " << warning << '\n';
    // One part alone is of use only with others, which may not be there yet.
    if (naming_ && broker_) {
      const std::string where = namesrv_option();
      out << fmt::format(
          "  try next     bolide pub hello 'hello, world'{} && bolide sub hello "
          "--from first --count 1{}\n",
          where, where);
    }
    out << "ready" << std::endl;
  }

  Result<> run() {
    agents_.serve.run();
    transport_.reset();  // sessions end before the roles that they speak for
    Result<> closed;
    if (broker_) closed = broker_->close();
    agents_.stop_workers();
    BOLIDE_LOG(info, "stopped by {} in {} ms{}", signal_name(signal_),
               os::system_clock().now().steady_ms() - stop_begun_ms_,
               closed ? "" : ", not all of it in order");
    return closed;
  }

  // When start() failed half-way.
  void abandon() {
    agents_.stop_workers();
    admin_.reset();
    broker_.reset();
    naming_.reset();
  }

 private:
  // Where the broker registers; it has started, so that they can be told.
  std::vector<net::Address> registers_with() const {
    return name_servers(options_, naming_ ? naming_->port() : std::uint16_t{0}).value();
  }

  // Those that the broker registers with, unless it is this process's own alone.
  std::string other_name_servers() const {
    if (naming_ && options_.list(Opt::broker_naming_servers).empty()) return {};
    std::string text;
    for (const net::Address& server : registers_with())
      text += (text.empty() ? "" : ", ") + server.text();
    return text;
  }

  // What a command needs to find the broker: nothing where it looks by itself.
  std::string namesrv_option() const {
    const std::string server = registers_with().front().text();
    return server == default_name_server ? "" : " --namesrv " + server;
  }

  void stop(int signal) {
    if (stopping_) return agents_.serve.stop();  // a second signal does not wait
    stopping_ = true;
    signal_ = signal;
    stop_begun_ms_ = os::system_clock().now().steady_ms();
    admin_->drain();
    if (naming_) {
      naming_->stop_listening();
      naming_->front().drain();
    }
    if (broker_) broker_->drain();
    poll_ = agents_.serve.every(drain_poll_ms, [this] { go_on_stopping(); });
    go_on_stopping();
  }

  // What was accepted is answered before its connection is closed.
  void go_on_stopping() {
    ++polls_;
    if (!closing_) {
      if (broker_ && !broker_->answered() && polls_ < answer_polls_max) return;
      if (broker_) broker_->save();
      transport_->close_all("server stops");
      closing_ = true;
      polls_ = 0;
    }
    if (transport_->connections() == 0 || polls_ >= drain_polls_max) agents_.serve.stop();
  }

  const table::Options& options_;
  Agents agents_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<NamingRole> naming_;
  std::unique_ptr<BrokerRole> broker_;
  std::unique_ptr<AdminRole> admin_;
  std::unique_ptr<net::Agent::Timer> poll_;
  std::unique_ptr<os::Signals> signals_;
  bool stopping_ = false;
  bool closing_ = false;
  int polls_ = 0;
  int signal_ = 0;
  std::int64_t stop_begun_ms_ = 0;
};

}  // namespace

int run_server(const ServerArguments& arguments, std::ostream& out, std::ostream& err) {
  auto options = load_settings(arguments);
  if (!options) return print_error(err, options.error());
  set_log(options->choice<LogLevel>(Opt::server_log_level));
  Server server(*options);
  if (auto started = server.start(); !started) {
    server.abandon();
    return print_error(err, started.error());
  }
  server.announce(out);
  if (auto stopped = server.run(); !stopped) return print_error(err, stopped.error());
  return 0;
}

}  // namespace bolide::app
