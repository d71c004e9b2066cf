// SPDX-License-Identifier: Apache-2.0
//
// The broker's registration with its name servers.
// Runs on: io agent.  Owns: one link per name server.  Invariant: see registrar.h.
#include "protocols/remoting/registrar.h"

#include "base/log.h"
#include "naming/bodies.h"
#include "protocols/remoting/route_queues.h"
#include "protocols/remoting/topic_tables.h"
#include "protocols/remoting/wire/header.h"
#include "protocols/remoting/wire/request_codes.h"

#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace bolide::remoting {

struct Registrar::Link {
  // Why the name server has not taken the registration.
  enum class Trouble : std::uint8_t { none, not_reached, hangs_up, silent, refuses };

  net::Address address;
  bool encrypted = false;
  net::Connection* connection = nullptr;
  bool connecting = false;
  bool registered = false;
  std::set<std::int32_t> registrations;  // without an answer, by opaque
  std::int64_t heard_ms = 0;             // steady; since when none of them was answered
  std::size_t registration_bytes = 0;    // of the last one
  bool given_up = false;                 // we are closing it
  Trouble trouble = Trouble::none;       // the last that was told
  std::int32_t next_opaque = 0;
  struct Question {
    OnRoute done;
    std::int64_t asked_ms = 0;  // steady
  };
  std::map<std::int32_t, Question> questions;  // for routes, by opaque

  // What goes on for long is told once.
  bool is_news(Trouble what) { return std::exchange(trouble, what) != what; }
  // Of what was asked up to `before_ms`.
  void give_up(std::int64_t before_ms, Errc why) {
    for (auto at = questions.begin(); at != questions.end();) {
      if (at->second.asked_ms > before_ms) {
        ++at;
        continue;
      }
      OnRoute done = std::move(at->second.done);
      at = questions.erase(at);
      done(fail(why, "name server " + address.text()));
    }
  }
};

// Reads the answers: only refusals matter.
class Registrar::LinkSession final : public net::Session {
 public:
  explicit LinkSession(std::shared_ptr<Link> link) : link_(std::move(link)) {}

  std::size_t on_bytes(std::string_view bytes, const Now& now) override {
    std::size_t used = 0;
    Frame frame;
    while (read_frame(bytes.substr(used), frame_bytes_max_default, &frame) ==
           FrameStatus::complete) {
      used += frame.size;
      Header header;
      std::string scratch;
      if (!decode_header(frame, &scratch, &header) || !header.is_response()) continue;
      // What is neither is the answer to a question that was given up.
      if (link_->registrations.erase(header.opaque) > 0)
        take_registration(header, now);
      else
        take_route(header, frame.body);
    }
    return used;
  }

  void on_closed() override {
    link_->connection = nullptr;
    link_->registered = false;
    if (!link_->registrations.empty() && !link_->given_up &&
        link_->is_news(Link::Trouble::hangs_up))
      tell_of_hanging_up();
    link_->registrations.clear();
    link_->give_up(INT64_MAX, Errc::connection_closed);
  }

 private:
  void take_registration(const Header& header, const Now& now) {
    link_->heard_ms = now.steady_ms();
    link_->registered = header.code == response_code::success;
    if (link_->registered) {
      link_->trouble = Link::Trouble::none;
      return;
    }
    if (!link_->is_news(Link::Trouble::refuses)) return;
    BOLIDE_LOG(error, "name server {} refused the registration: code={} {}", link_->address.text(),
               header.code, header.remark);
  }
  // It takes a connection and ends it without a word: only its own log knows why.
  void tell_of_hanging_up() const {
    BOLIDE_LOG(warning,
               "name server {} closed the connection before it answered the registration of {} "
               "bytes, trying again: {}it may be stopping, or take no request so long (raise its "
               "net.max_frame_bytes)",
               link_->address.text(), link_->registration_bytes,
               link_->encrypted
                   ? ""
                   : "it may take encrypted connections only (set tls.peers = always here), ");
  }
  void take_route(const Header& header, std::string_view body) {
    auto found = link_->questions.extract(header.opaque);
    if (found.empty()) return;
    OnRoute& done = found.mapped().done;
    if (header.code == response_code::success) return done(body);
    done(
        fail(header.code == response_code::topic_not_exist ? Errc::topic_not_found : Errc::internal,
             "name server " + link_->address.text() + ": " + std::string(header.remark)));
  }

  std::shared_ptr<Link> link_;
};

namespace {

constexpr std::int64_t route_timeout_ms = 2'000;

void write_request(net::Connection& connection, std::int32_t code, std::int32_t opaque,
                   std::span<const ExtField> fields, std::string_view body) {
  const HeaderOut out{.code = code, .opaque = opaque, .flag = 0, .fields = fields};
  char* at = connection.reserve(header_bytes_max(out) + body.size());
  const std::size_t size = encode_header(out, Serialization::json, body.size(), at);
  if (!body.empty()) std::memcpy(at + size, body.data(), body.size());
  connection.commit(size + body.size());
}

}  // namespace

Registrar::Registrar(RegistrarSettings settings, net::Agent& agent, net::Transport& transport,
                     broker::Api& api)
    : settings_(std::move(settings)), agent_(agent), transport_(transport), api_(api) {
  for (const net::Address& address : settings_.name_servers) {
    links_.push_back(
        std::make_shared<Link>(Link{.address = address, .encrypted = settings_.tls != nullptr}));
  }
}

Registrar::~Registrar() {
  *alive_ = false;
}

std::string Registrar::body() const {
  naming::RegisterBody body;
  api_.all_topics({}, [&](Result<broker::TopicTable> all) {
    if (!all) return;
    body.table = topic_table(std::move(*all), false);
  });
  return naming::encode_register(body);
}

void Registrar::send(Link& link) {
  const DecimalText id(settings_.broker_id);
  const DecimalText timeout(settings_.heartbeat_timeout_ms);
  const std::string content = body();
  const DecimalText crc(naming::register_crc(content));
  const ExtField fields[] = {{"brokerAddr", settings_.address},
                             {"brokerId", id.view()},
                             {"brokerName", settings_.broker_name},
                             {"clusterName", settings_.cluster},
                             {"haServerAddr", settings_.ha_address},
                             {"heartbeatTimeoutMillis", timeout.view()},
                             {"compressed", "false"},
                             {"bodyCrc32", crc.view()}};
  if (link.registrations.empty()) link.heard_ms = agent_.now().steady_ms();
  const std::int32_t opaque = link.next_opaque++;
  link.registrations.insert(opaque);
  link.registration_bytes = content.size();
  write_request(*link.connection, request_code::register_broker, opaque, fields, content);
}

void Registrar::register_now() {
  for (const std::shared_ptr<Link>& link : links_) reach(link);
}

void Registrar::tick() {
  const std::int64_t now_ms = agent_.now().steady_ms();
  for (const std::shared_ptr<Link>& link : links_) {
    link->give_up(now_ms - route_timeout_ms, Errc::timeout);
    if (link->registrations.empty()) {
      if (!link->registered) reach(link);
    } else if (now_ms - link->heard_ms >= settings_.answer_timeout_ms) {
      if (link->is_news(Link::Trouble::silent))
        BOLIDE_LOG(warning, "name server {} does not answer, connecting again",
                   link->address.text());
      link->given_up = true;
      link->heard_ms = now_ms;  // until the connection has gone
      link->registered = false;
      link->connection->close("no answer to the registration");
    }
  }
}

void Registrar::reach(const std::shared_ptr<Link>& link) {
  if (link->connection != nullptr) return send(*link);
  if (link->connecting) return;
  link->connecting = true;
  transport_.connect(
      link->address, {}, settings_.tls,
      [link](net::Connection& connection) {
        link->connection = &connection;
        link->given_up = false;
        return std::make_unique<LinkSession>(link);
      },
      [this, link, alive = alive_](Result<> connected) {
        link->connecting = false;
        if (!*alive) return;
        if (connected) {
          send(*link);
        } else if (link->is_news(Link::Trouble::not_reached)) {
          BOLIDE_LOG(warning, "name server not reached, trying again: {}",
                     connected.error().message());
        }
      });
}

void Registrar::topics_changed() {
  if (change_announced_) return;
  change_announced_ = true;
  agent_.post([this, alive = alive_] {
    if (!*alive) return;
    change_announced_ = false;
    register_now();
  });
}

void Registrar::unregister() {
  const DecimalText id(settings_.broker_id);
  const ExtField fields[] = {{"brokerAddr", settings_.address},
                             {"brokerId", id.view()},
                             {"brokerName", settings_.broker_name},
                             {"clusterName", settings_.cluster}};
  for (const std::shared_ptr<Link>& link : links_) {
    if (link->connection == nullptr) continue;
    link->registrations.clear();  // nobody waits for their answers any more
    write_request(*link->connection, request_code::unregister_broker, link->next_opaque++, fields,
                  {});
  }
}

void Registrar::queues_of(const std::string& topic, OnQueues done) {
  route_of(topic, [this, alive = alive_, topic,
                   done = std::move(done)](const Result<std::string_view>& route) mutable {
    if (*alive) done(queues_in(route, topic));
  });
}

Result<std::vector<broker::QueueRef>> Registrar::queues_in(const Result<std::string_view>& route,
                                                           const std::string& topic) {
  std::optional<Error> trouble;
  if (route) {
    auto queues = parse_route_queues(*route, topic);
    if (queues) {
      last_queues_.put(topic, *queues);
      return queues;
    }
    trouble = std::move(queues).error();
  } else if (route.error().code == Errc::topic_not_found) {
    last_queues_.forget(topic);
    return std::vector<broker::QueueRef>{};
  } else {
    trouble = route.error();
  }
  if (const auto* known = last_queues_.find(topic)) return *known;
  return Failure(*std::move(trouble));
}

void Registrar::route_of(const std::string& topic, OnRoute done) {
  for (const std::shared_ptr<Link>& link : links_) {
    if (link->connection == nullptr || !link->registered) continue;
    const ExtField fields[] = {{"topic", topic}};
    const std::int32_t opaque = link->next_opaque++;
    link->questions.emplace(
        opaque, Link::Question{.done = std::move(done), .asked_ms = agent_.now().steady_ms()});
    return write_request(*link->connection, request_code::get_route_info_by_topic, opaque, fields,
                         {});
  }
  done(fail(Errc::connection_failed, "no name server has taken the registration"));
}

std::size_t Registrar::registered() const {
  std::size_t count = 0;
  for (const std::shared_ptr<Link>& link : links_) count += link->registered ? 1 : 0;
  return count;
}

}  // namespace bolide::remoting
