// SPDX-License-Identifier: Apache-2.0
//
// The broker role.
// Runs on: serve agent.  Owns: store, core, front end, listeners.  Invariant: see broker_role.h.
#include "app/broker_role.h"

#include "app/start_errors.h"
#include "app/store_export.h"
#include "base/log.h"
#include "broker/rocketmq_files.h"
#include "os/clock.h"

namespace bolide::app {
namespace {

using table::Opt;

constexpr std::int64_t tick_ms = 100;
constexpr std::uint16_t vip_port_below = 2;  // rocketmq wire 1.5

}  // namespace

Result<std::unique_ptr<BrokerRole>> BrokerRole::start(Parts parts) {
  std::unique_ptr<BrokerRole> role(new BrokerRole(std::move(parts)));
  // Listening comes first: the address in records is the port that was really bound. Nothing is
  // accepted before the agents run.
  BOLIDE_CHECK(role->listen());
  BOLIDE_CHECK(role->open());
  BOLIDE_CHECK(role->start_serving());
  return role;
}

Result<> BrokerRole::listen() {
  const table::Options& options = parts_.options;
  BOLIDE_TRY(auto address, net::Address::parse(options.text(Opt::broker_listen)));
  const auto listen_at = [&](std::uint16_t port) -> Result<> {
    net::ListenOptions listen{.address = {.host = address.host, .port = port},
                              .limits = connection_limits(options),
                              .tls_mode = options.choice<net::TlsMode>(Opt::tls_mode),
                              .tls = parts_.tls,
                              .proxy_protocol = options.boolean(Opt::net_proxy_protocol)};
    BOLIDE_TRY(auto listener,
               parts_.transport.listen(std::move(listen), [this](net::Connection& c) {
                 return front_->make_session(c);
               }));
    listeners_.push_back(std::move(listener));
    return {};
  };
  if (auto listening = listen_at(address.port); !listening)
    return Failure(listen_error(std::move(listening).error(), Opt::broker_listen));
  const std::uint16_t port = listeners_.front()->port();
  if (options.boolean(Opt::broker_vip_enabled) && address.port > vip_port_below) {
    if (auto vip = listen_at(static_cast<std::uint16_t>(port - vip_port_below)); !vip) {
      return Failure(std::move(vip)
                         .error()
                         .in("VIP channel, two ports below broker.listen")
                         .fixed_by("choose another broker.listen, or do without the channel: --set "
                                   "broker.vip_enabled=false"));
    }
  }
  BOLIDE_TRY(address_, advertised(options, port));
  return {};
}

Result<> BrokerRole::open_metadata(broker::Metadata::Opened* opened) {
  const std::string root = parts_.options.text(Opt::server_data_dir);
  BOLIDE_TRY(*opened, broker::Metadata::open(parts_.fs, root + "/bolide/meta"));
  bool snapshot = true;
  if (opened->fresh) {
    // A directory that RocketMQ made: its topics, groups and offsets become ours, as one snapshot.
    BOLIDE_TRY(opened->stored, broker::read_rocketmq_files(parts_.fs, root));
  } else {
    BOLIDE_TRY(const auto changes, broker::take_foreign_changes(parts_.fs, root, &opened->stored));
    if (changes.any())
      BOLIDE_LOG(info, "{}: another broker has run on it; taken over:{}{}{}", root,
                 changes.topics ? " topics" : "", changes.groups ? " groups" : "",
                 changes.offsets ? " offsets" : "");
    // Their messages are gone, as if they had been deleted here.
    for (const broker::TopicConfig& topic : changes.topics_gone)
      opened->stored.trims.push_back(
          {.topic = topic.name, .position = store_->stats().max_position});
    snapshot = changes.any();
  }
  foreign_ = snapshot;
  if (snapshot) BOLIDE_CHECK(opened->metadata->snapshot(opened->stored));
  return broker::remember_rocketmq_files(parts_.fs, root, broker::InStep::no);
}

Result<> BrokerRole::open() {
  const Now now = os::system_clock().now();
  auto opened =
      store::open_store(parts_.fs, store_options(parts_.options), parts_.agents.for_store(), now);
  if (!opened)
    return Failure(
        store_error(std::move(opened).error(), parts_.options.text(Opt::server_data_dir)));
  store_ = std::move(*opened);
  opened_in_ms_ = os::system_clock().now().steady_ms() - now.steady_ms();
  broker::CoreState state;
  BOLIDE_CHECK(open_metadata(&state.metadata));
  const std::string root = parts_.options.text(Opt::server_data_dir);
  BOLIDE_TRY(state.timers, broker::TimerLog::open(parts_.fs, root + "/bolide/timers",
                                                  parts_.agents.via(parts_.agents.background)));
  if (foreign_) state.timers.delivered_up_to_ms = broker::read_timer_check(parts_.fs, root);
  BOLIDE_TRY(state.leases, broker::LeaseLog::open(parts_.fs, root + "/bolide/leases"));
  state.leases.stale = foreign_;
  BOLIDE_TRY(state.dedupe, broker::DedupeLog::open(parts_.fs, root + "/bolide/dedupe"));
  state.kept = {&parts_.fs, root + "/bolide/compaction"};
  BOLIDE_TRY(auto settings, core_settings(parts_.options, address_.bytes));
  core_ = std::make_unique<broker::Core>(std::move(settings), *store_, std::move(state),
                                         parts_.agents.via(parts_.agents.background), clock_);
  return {};
}

Result<> BrokerRole::start_serving() {
  const table::Options& options = parts_.options;
  net::Agent& serve = parts_.agents.serve;
  service_ = std::make_unique<remoting::BrokerService>(remoting::BrokerService{
      .api = *core_,
      .broker_name = options.text(Opt::broker_name),
      .cluster = options.text(Opt::broker_cluster),
      .region = options.text(Opt::broker_region),
      .address = address_.text(),
      .trace_on = options.boolean(Opt::broker_trace_on),
      .config_text = [text = broker_config_text(options, address_)] { return text; },
      .queues_of =
          [this](const std::string& topic, remoting::BrokerService::OnQueues done) {
            registrar_->queues_of(topic, std::move(done));
          }});
  front_ = std::make_unique<remoting::Front>(
      service_.get(), nullptr,
      static_cast<std::uint32_t>(options.integer(Opt::net_max_frame_bytes)));
  BOLIDE_TRY(auto servers, name_servers(options, parts_.naming_port));
  BOLIDE_TRY(auto tls, peer_tls(options));
  registrar_ = std::make_unique<remoting::Registrar>(
      remoting::RegistrarSettings{
          .cluster = options.text(Opt::broker_cluster),
          .broker_name = options.text(Opt::broker_name),
          .broker_id = options.integer(Opt::broker_id),
          .address = address_.text(),
          .ha_address =
              net::Address{address_.host, static_cast<std::uint16_t>(address_.port + 1)}.text(),
          .answer_timeout_ms = options.integer(Opt::broker_register_timeout_ms),
          .name_servers = std::move(servers),
          .tls = tls},
      serve, parts_.transport, *core_);
  peers_ = std::make_unique<remoting::PeerBrokers>(
      serve, parts_.transport,
      [this](const std::string& topic, remoting::PeerBrokers::OnRoute done) {
        registrar_->route_of(topic, std::move(done));
      },
      remoting::PeerSettings{.tls = std::move(tls)});
  core_->reach_by(*peers_);
  core_->announce_topics_to([this](const broker::TopicConfig*) { registrar_->topics_changed(); });
  serve.at_end_of_turn([this] {
    const bool more = core_->end_of_turn();
    wait_for_due();
    return more;
  });
  timers_.push_back(serve.every(tick_ms, [this] { core_->tick(); }));
  timers_.push_back(serve.every(options.integer(Opt::broker_register_interval_ms),
                                [this] { registrar_->register_now(); }));
  // A name server that was not there is tried again soon, not only with the next interval.
  timers_.push_back(serve.every(1'000, [this] {
    front_->tick(clock_.now());
    registrar_->tick();
    peers_->tick();
  }));
  serve.post([this] { registrar_->register_now(); });
  return {};
}

// A turn at the time when the next message for later is due; those of the tick are up to 0.1 s
// late.
void BrokerRole::wait_for_due() {
  const std::int64_t due_ms = core_->next_due_ms();
  const std::int64_t left_ms = due_ms - clock_.now().wall_ms;
  if (due_ms == due_armed_ms_ || left_ms <= 0 || left_ms > tick_ms) return;
  due_armed_ms_ = due_ms;
  due_ = parts_.agents.serve.after(left_ms, [] {});
}

void BrokerRole::drain() {
  registrar_->unregister();
  listeners_.clear();
  front_->drain();
  timers_.clear();
  due_.reset();
  core_->drain();
}

Result<> BrokerRole::close() {
  core_->stop_timers();  // also where a second signal let nothing be saved
  Result<> closed = store_->close();
  if (!saved_) return Failure(saved_.error());
  const std::string& root = parts_.options.text(Opt::server_data_dir);
  BOLIDE_CHECK(broker::write_rocketmq_files(parts_.fs, root, *saved_));
  if (!closed || !parts_.options.boolean(Opt::store_export_on_stop)) return closed;
  BOLIDE_TRY(const auto report, export_for_apache(parts_.fs, root, [](int percent) {
               BOLIDE_LOG(info, "export: {} % of the log read", percent);
             }));
  BOLIDE_LOG(info,
             "export: {} messages, {} consume queues and {} keys for Apache RocketMQ's broker",
             report.records, report.queues, report.keys);
  return closed;
}

}  // namespace bolide::app
