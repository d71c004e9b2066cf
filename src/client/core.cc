// SPDX-License-Identifier: Apache-2.0
//
// Connections, calls and the clock of a client.
// Runs on: the client's agent.  Owns: see core.h.  Invariant: see core.h.
#include "client/core.h"

#include "base/random.h"
#include "client/name_servers.h"
#include "client/names.h"
#include "net/tls.h"
#include "os/clock.h"
#include "os/process.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace bolide::client {
namespace {

constexpr std::int64_t tick_ms = 50;
constexpr std::int64_t refresh_interval_ms = 30'000;
constexpr std::int64_t channel_idle_ms = 300'000;

std::string name_servers_text(const ClientOptions& options) {
  if (!options.name_servers.empty()) return options.name_servers;
  for (const char* const name : {"BOLIDE_NAMESRV", "NAMESRV_ADDR"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "127.0.0.1:9876";
}

// Unlike that of any other client of this machine.
std::string unique_instance() {
  static std::atomic<int> count{0};
  const Now now = os::system_clock().now();
  return std::to_string(os::process_id()) + "#" + std::to_string(now.steady_ns) + "#" +
         std::to_string(count++);
}

// A request, with its signature where there are credentials. Lives no longer than what it was made
// of.
class SignedCall {
 public:
  SignedCall(const Credentials& credentials, const Call& call) : call_(call) {
    if (credentials.empty()) return;
    fields_.assign(call.fields.begin(), call.fields.end());
    sign(credentials, call.body, &fields_, &signature_);
    call_.fields = fields_;
  }
  SignedCall(const SignedCall&) = delete;
  SignedCall& operator=(const SignedCall&) = delete;
  const Call& call() const { return call_; }

 private:
  std::vector<remoting::ExtField> fields_;
  std::string signature_;
  Call call_;
};

// Never from within the call that fails.
template <class Done>
void fail_later(Runtime& runtime, Error error, Done done) {
  runtime.post([done = std::move(done), error = std::move(error)]() mutable {
    done(Failure(std::move(error)));
  });
}

}  // namespace

Result<std::shared_ptr<Core>> Core::open(const ClientOptions& options, Runtime& runtime) {
  CoreSettings settings;
  const std::string names = name_servers_text(options);
  if (is_http_address(names)) {
    BOLIDE_TRY(settings.name_list, HttpAddress::parse(names));
  } else {
    BOLIDE_TRY(settings.name_servers, parse_name_servers(names));
  }
  settings.credentials = {.access_key = options.access_key.name,
                          .secret_key = options.access_key.secret,
                          .security_token = options.access_key.security_token};
  if (!options.name_space.empty()) BOLIDE_CHECK(check_group(options.name_space));
  settings.name_space = options.name_space;
  settings.id =
      os::local_ipv4() + "@" + (options.instance.empty() ? unique_instance() : options.instance);
  settings.request_timeout_ms = options.request_timeout.count();
  if (settings.request_timeout_ms <= 0)
    return fail(Errc::invalid_argument, "request_timeout must be above 0");
  if (options.tls.enabled) {
    BOLIDE_TRY(settings.tls,
               net::TlsContext::client({.verify = options.tls.verify,
                                        .trusted_file = options.tls.trusted_file,
                                        .certificate_file = options.tls.certificate_file,
                                        .key_file = options.tls.key_file,
                                        .key_password = options.tls.key_password}));
  }
  // What runs on the agent ends there: the last owner may be any thread.
  const std::shared_ptr<Core> core(new Core(std::move(settings), runtime), [](Core* last) {
    last->runtime_.post([last] {
      last->close();
      delete last;
    });
  });
  core->runtime_.run([&] { core->start(); });
  return core;
}

Core::Core(CoreSettings settings, Runtime& runtime)
    : runtime_(runtime), settings_(std::move(settings)) {}

Core::~Core() = default;

void Core::start() {
  Random random(static_cast<std::uint64_t>(runtime_.agent().now().steady_ns));
  name_servers_ = settings_.name_servers;
  next_name_server_ = random.below(1000);
  if (settings_.name_list) fetch_names();
  refresh_at_ms_ = now_ms() + refresh_interval_ms;
  timer_ = runtime_.agent().every(tick_ms, [this] { tick(); });
}

void Core::close() {
  closed_ = true;
  timer_.reset();
  later_.clear();
  for (auto& [address, channel] : channels_) channel->close();
  channels_.clear();
}

void Core::tick() {
  const std::int64_t now = now_ms();
  // A call that ends may make a channel, or forget one.
  std::vector<std::shared_ptr<Channel>> channels;
  for (const auto& [address, channel] : channels_) channels.push_back(channel);
  for (const auto& channel : channels) channel->expire(now);
  run_later(now);
  drop_idle_channels(now);
  if (now >= heartbeat_at_ms_) heartbeat_due_ = true;
  if (heartbeat_due_) heartbeat();
  if (settings_.name_list && now >= names_at_ms_) fetch_names();
  if (now < refresh_at_ms_) return;
  refresh_at_ms_ = now + refresh_interval_ms;
  // Also those that no name server knew the last time.
  std::set<std::string> topics;
  for (const auto& [topic, entry] : topics_) topics.insert(topic);
  for (const Member* const member : members_) {
    for (const std::string& topic : member->topics()) topics.insert(topic);
  }
  for (const std::string& topic : topics) refresh_route(topic);
}

void Core::run_later(std::int64_t now) {
  std::vector<std::move_only_function<void()>> due;
  while (!later_.empty() && later_.begin()->first.first <= now) {
    due.push_back(std::move(later_.begin()->second));
    later_.erase(later_.begin());
  }
  for (auto& task : due) task();
}

void Core::drop_idle_channels(std::int64_t now) {
  std::erase_if(channels_, [&](const auto& entry) {
    const auto& channel = entry.second;
    if (channel->waiting() > 0 || now - channel->used_ms() <= channel_idle_ms) return false;
    channel->close();
    return true;
  });
}

Core::LaterId Core::after(std::int64_t delay_ms, std::move_only_function<void()> task) {
  const LaterId id{now_ms() + delay_ms, ++tasks_};
  later_.emplace(id, std::move(task));
  return id;
}

void Core::forget(const LaterId& id) {
  later_.erase(id);
}

Result<> Core::add(Member* member) {
  const auto same = [&](const Member* other) {
    return other->consumes() && other->group() == member->group();
  };
  if (member->consumes() && std::ranges::any_of(members_, same))
    return fail(Errc::in_use, "this client has a consumer of group " + member->group() +
                                  "; open another client for another member");
  members_.push_back(member);
  return {};
}

void Core::remove(Member* member) {
  std::erase(members_, member);
}

void Core::call(const std::string& address, const Call& call, OnReply done,
                std::int64_t timeout_ms) {
  auto channel = channel_to(address);
  if (!channel) return fail_later(runtime_, std::move(channel).error(), std::move(done));
  const std::int64_t now = now_ms();
  const std::int64_t deadline_ms =
      now + (timeout_ms > 0 ? timeout_ms : settings_.request_timeout_ms);
  const SignedCall out(settings_.credentials, call);
  (*channel)->send(out.call(), {.now_ms = now, .deadline_ms = deadline_ms}, std::move(done));
}

void Core::call_one_way(const std::string& address, const Call& call, OnSent done) {
  auto channel = channel_to(address);
  if (!channel) return fail_later(runtime_, std::move(channel).error(), std::move(done));
  const SignedCall out(settings_.credentials, call);
  (*channel)->send_one_way(out.call(), now_ms(), std::move(done));
}

Result<Channel*> Core::channel_to(const std::string& address) {
  const auto found = channels_.find(address);
  if (found != channels_.end()) return found->second.get();
  if (closed_) return Failure(Error{Errc::shutting_down, address, "open another client"});
  // A broker that no route names may be back with the next one.
  if (address.empty()) return fail(Errc::connection_failed, "no broker is known for it");
  ChannelSettings settings{.address = {},
                           .tls = settings_.tls,
                           .on_request = [this, address](const remoting::Header& header,
                                                         std::string_view body, Respond respond) {
                             on_server_request(address, header, body, std::move(respond));
                           }};
  BOLIDE_TRY(settings.address, net::Address::parse(address));
  auto made = std::make_shared<Channel>(runtime_.transport(), std::move(settings));
  return channels_.emplace(address, std::move(made)).first->second.get();
}

void Core::call(const std::string& address, std::int32_t code, const std::vector<Arg>& args,
                OnReply done, std::int64_t timeout_ms) {
  std::vector<remoting::ExtField> fields;
  fields.reserve(args.size());
  for (const Arg& arg : args) fields.emplace_back(arg.name, arg.value);
  call(address, Call{.code = code, .fields = fields, .body = {}}, std::move(done), timeout_ms);
}

std::size_t Core::pending_bytes(const std::string& address) const {
  const auto found = channels_.find(address);
  return found == channels_.end() ? 0 : found->second->pending_bytes();
}

}  // namespace bolide::client
