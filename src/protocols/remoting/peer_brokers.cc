// SPDX-License-Identifier: Apache-2.0
//
// Questions to other brokers.
// Runs on: io agent.  Owns: one link per broker.  Invariant: see peer_brokers.h.
#include "protocols/remoting/peer_brokers.h"

#include "base/log.h"
#include "base/strings.h"
#include "naming/bodies.h"
#include "protocols/remoting/wire/header.h"
#include "protocols/remoting/wire/request_codes.h"

#include <cstring>
#include <utility>
#include <vector>

namespace bolide::remoting {

// What came back; lives during the call that gives it.
struct PeerBrokers::Answer {
  const Header& header;
  std::string_view body;
};

struct PeerBrokers::Link {
  std::string broker;
  net::Connection* connection = nullptr;
  bool reaching = false;  // its address is asked for, or it is being connected to
  net::Address address;
  std::uint32_t next_opaque = 0;
  std::int64_t heard_ms = 0;  // steady; of the connection
  struct Question {
    OnAnswer done;
    std::int64_t asked_ms = 0;  // steady
    std::string unsent;         // its frame, which waits for the connection
  };
  std::map<std::int32_t, Question> questions;  // by opaque

  // Of those asked up to `until_ms`; returns how many.
  std::size_t give_up(std::int64_t until_ms, const Error& error) {
    std::vector<OnAnswer> late;
    for (auto at = questions.begin(); at != questions.end();) {
      if (at->second.asked_ms > until_ms) {
        ++at;
        continue;
      }
      late.push_back(std::move(at->second.done));
      at = questions.erase(at);
    }
    for (OnAnswer& done : late) done(Failure(error));
    return late.size();
  }
  void fail_all(Errc code, std::string_view what) {
    give_up(INT64_MAX, Error{code, "broker " + broker + ": " + std::string(what)});
  }
  void write_unsent() {
    for (auto& [opaque, question] : questions) {
      if (!question.unsent.empty()) connection->write(std::exchange(question.unsent, {}));
    }
  }
};

class PeerBrokers::LinkSession final : public net::Session {
 public:
  explicit LinkSession(std::shared_ptr<Link> link) : link_(std::move(link)) {}

  std::size_t on_bytes(std::string_view bytes, const Now& now) override {
    link_->heard_ms = now.steady_ms();
    std::size_t used = 0;
    Frame frame;
    FrameStatus status = FrameStatus::complete;
    while ((status = read_frame(bytes.substr(used), frame_bytes_max_default, &frame)) ==
           FrameStatus::complete) {
      used += frame.size;
      Header header;
      std::string scratch;
      if (!decode_header(frame, &scratch, &header) || !header.is_response()) continue;
      auto found = link_->questions.extract(header.opaque);
      if (!found.empty()) found.mapped().done(Answer{.header = header, .body = frame.body});
    }
    return used;
  }

  void on_closed() override {
    link_->connection = nullptr;
    link_->fail_all(Errc::connection_closed, "the connection was closed");
  }

 private:
  std::shared_ptr<Link> link_;
};

namespace {

constexpr std::int32_t subscription_flag = 4;  // of a pull: it carries its subscription

std::string frame_of(const HeaderOut& out) {
  std::string bytes(header_bytes_max(out), '\0');
  bytes.resize(encode_header(out, Serialization::json, 0, bytes.data()));
  return bytes;
}

template <class Integer>
Integer number_of(const Header& header, std::string_view name) {
  return parse_integer<Integer>(header.field(name)).value_or(0);
}

Error refusal(const Header& header) {
  const std::string code = std::to_string(header.code);
  return {header.code == response_code::query_not_found ? Errc::not_found : Errc::internal,
          std::string(header.remark.empty() ? "answered with code " + code : header.remark)};
}

struct Fact {
  std::int32_t code;
  std::string_view answer;  // the field with the number; empty: none
};

Fact fact_of(broker::QueueFact fact) {
  using enum broker::QueueFact;
  switch (fact) {
    case min_offset: return {request_code::get_min_offset, "offset"};
    case max_offset: return {request_code::get_max_offset, "offset"};
    case offset_by_time: return {request_code::search_offset_by_timestamp, "offset"};
    case earliest_store_time: return {request_code::get_earliest_msg_store_time, "timestamp"};
    case consumer_offset: return {request_code::query_consumer_offset, "offset"};
    case commit: return {request_code::update_consumer_offset, {}};
  }
  return {};
}

broker::PullStatus status_of(std::int32_t code, std::int64_t offset, std::int64_t min_offset) {
  using enum broker::PullStatus;
  if (code == response_code::success) return found;
  if (code == response_code::pull_retry_immediately) return no_matched_message;
  if (code == response_code::pull_not_found) return offset_overflow_one;
  return offset < min_offset ? offset_too_small : offset_overflow_badly;
}

bool is_pull_answer(std::int32_t code) {
  return code == response_code::success || code == response_code::pull_retry_immediately ||
         code == response_code::pull_not_found || code == response_code::pull_offset_moved;
}

Slices copied(std::string_view bytes) {
  if (bytes.empty()) return {};
  auto chunk = std::make_shared<Chunk>(bytes.size());
  std::memcpy(chunk->data(), bytes.data(), bytes.size());
  return {Slice{.chunk = std::move(chunk), .begin = 0, .size = bytes.size()}};
}

}  // namespace

PeerBrokers::PeerBrokers(net::Agent& agent, net::Transport& transport, AskRoute ask_route,
                         PeerSettings settings)
    : agent_(agent),
      transport_(transport),
      ask_route_(std::move(ask_route)),
      settings_(std::move(settings)) {}

PeerBrokers::~PeerBrokers() {
  *alive_ = false;
  // Who asked may have gone: no answer comes any more.
  for (auto& [name, link] : links_) link->questions.clear();
}

void PeerBrokers::tick() {
  const std::int64_t now_ms = agent_.now().steady_ms();
  const std::int64_t until_ms = now_ms - settings_.answer_timeout_ms;
  for (auto& [name, link] : links_) {
    const std::size_t late =
        link->give_up(until_ms, {Errc::timeout, "broker " + name + " did not answer"});
    // A peer that vanished closes nothing; it may be back at another address.
    if (late > 0 && link->connection != nullptr && link->heard_ms <= until_ms)
      link->connection->close("no answer");
  }
}

void PeerBrokers::request(const std::string& broker, const std::string& topic, std::int32_t code,
                          Fields fields, OnAnswer done) {
  std::shared_ptr<Link>& link = links_[broker];
  if (link == nullptr) link = std::make_shared<Link>(Link{.broker = broker});
  const auto opaque = static_cast<std::int32_t>(link->next_opaque++);
  std::string frame = frame_of({.code = code, .opaque = opaque, .flag = 0, .fields = fields});
  if (frame.empty()) return done(fail(Errc::malformed, "the header is too long to pass on"));
  Link::Question& question = link->questions[opaque];
  question = {.done = std::move(done), .asked_ms = agent_.now().steady_ms(), .unsent = {}};
  if (link->connection != nullptr) return link->connection->write(frame);
  question.unsent = std::move(frame);
  if (link->reaching) return;
  link->reaching = true;
  find_address(link, topic);
}

void PeerBrokers::find_address(const std::shared_ptr<Link>& link, const std::string& topic) {
  ask_route_(topic, [this, link, alive = alive_](const Result<std::string_view>& json) {
    if (!*alive) return;
    if (!json && json.error().code != Errc::topic_not_found) {
      link->reaching = false;
      return link->fail_all(Errc::connection_failed, json.error().message());
    }
    const auto route = naming::decode_route(json.value_or(std::string_view{}));
    if (route) {
      for (const naming::BrokerData& data : route->brokers) {
        const auto master = data.addresses.find(naming::master_id);
        if (data.broker_name != link->broker || master == data.addresses.end()) continue;
        auto address = net::Address::parse(master->second);
        if (!address) break;
        link->address = std::move(*address);
        return connect(link);
      }
    }
    link->reaching = false;
    link->fail_all(Errc::connection_failed, "the name server does not know where it is");
  });
}

void PeerBrokers::connect(const std::shared_ptr<Link>& link) {
  transport_.connect(
      link->address, {}, settings_.tls,
      [link](net::Connection& connection) {
        link->connection = &connection;
        return std::make_unique<LinkSession>(link);
      },
      [link, alive = alive_, agent = &agent_](Result<> connected) {
        if (!*alive) return;
        link->reaching = false;
        if (!connected) {
          BOLIDE_LOG(warning, "broker {} not reached: {}", link->broker,
                     connected.error().message());
          return link->fail_all(Errc::connection_failed, connected.error().message());
        }
        link->heard_ms = agent->now().steady_ms();
        if (link->connection != nullptr) link->write_unsent();
      });
}

void PeerBrokers::ask(const std::string& broker, const broker::QueueQuestion& question,
                      broker::Reply<std::int64_t> reply) {
  const Fact fact = fact_of(question.fact);
  const DecimalText queue_id(question.queue_id);
  const DecimalText value(question.value);
  const ExtField fields[] = {{"topic", question.topic},
                             {"queueId", queue_id.view()},
                             {"lo", "false"},
                             {"bname", broker},
                             {"consumerGroup", question.group},
                             {"setZeroIfNotFound", question.zero_if_absent ? "true" : "false"},
                             {"timestamp", value.view()},
                             {"boundaryType", question.upper ? "upper" : "lower"},
                             {"commitOffset", value.view()}};
  request(broker, std::string(question.topic), fact.code, fields,
          [fact, reply = std::move(reply)](Result<Answer> answer) mutable {
            if (!answer) return reply(Failure(std::move(answer).error()));
            if (answer->header.code != response_code::success)
              return reply(Failure(refusal(answer->header)));
            reply(fact.answer.empty() ? 0 : number_of<std::int64_t>(answer->header, fact.answer));
          });
}

void PeerBrokers::pull(const std::string& broker, const broker::PullRequest& asked,
                       broker::Reply<broker::PullResult> reply) {
  const DecimalText queue_id(asked.queue_id);
  const DecimalText offset(asked.offset);
  const DecimalText messages_max(asked.messages_max);
  const DecimalText bytes_max(asked.bytes_max);
  const DecimalText version(asked.subscription_version);
  const DecimalText flag(asked.subscription ? subscription_flag : 0);
  std::vector<ExtField> fields = {{"consumerGroup", asked.group},
                                  {"topic", asked.topic},
                                  {"queueId", queue_id.view()},
                                  {"lo", "false"},
                                  {"bname", broker},
                                  {"queueOffset", offset.view()},
                                  {"maxMsgNums", messages_max.view()},
                                  {"sysFlag", flag.view()},
                                  {"commitOffset", "0"},
                                  {"suspendTimeoutMillis", "0"},
                                  {"subVersion", version.view()},
                                  {"expressionType", asked.expression_type}};
  if (asked.subscription) fields.emplace_back("subscription", *asked.subscription);
  if (asked.bytes_max > 0) fields.emplace_back("maxMsgBytes", bytes_max.view());
  request(broker, std::string(asked.topic), request_code::pull_message, fields,
          [from = asked.offset, reply = std::move(reply)](Result<Answer> answer) mutable {
            if (!answer) return reply(Failure(std::move(answer).error()));
            const Header& header = answer->header;
            if (!is_pull_answer(header.code)) return reply(Failure(refusal(header)));
            broker::PullResult result;
            result.next_offset = number_of<std::int64_t>(header, "nextBeginOffset");
            result.min_offset = number_of<std::int64_t>(header, "minOffset");
            result.max_offset = number_of<std::int64_t>(header, "maxOffset");
            result.status = status_of(header.code, from, result.min_offset);
            result.records = copied(answer->body);
            reply(std::move(result));
          });
}

}  // namespace bolide::remoting
