// SPDX-License-Identifier: Apache-2.0
//
// Requests and answers on one connection after the other.
// Runs on: the client's agent.  Owns: see channel.h.  Invariant: see channel.h.
#include "client/channel.h"

#include "base/assert.h"
#include "base/strings.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bolide::client {
namespace {

// Lists of very many topics come in one frame; the servers' own limit is lower.
constexpr std::uint32_t frame_bytes_max = 256U << 20U;
// Without an answer that long a connection is given up although requests have longer deadlines.
constexpr std::int64_t idle_timeout_ms = 120'000;
// A broker may be busy with one request; one that is silent on all of them so long is away.
constexpr std::int64_t silence_ms_max = 2'000;
constexpr std::size_t output_bytes_max = 512U << 20U;  // the producers bound what is on its way

// What a code of RocketMQ's says to one who does not know which of our errors it stands for.
Errc errc_of(std::int32_t code) {
  // Of every message that is refused, not only of large ones.
  if (code == error_row(Errc::message_invalid).rocketmq) return Errc::message_invalid;
  const auto rows = error_rows();
  const auto row = std::ranges::find(rows, code, &ErrorRow::rocketmq);
  return row == rows.end() ? Errc::internal : row->code;
}

// Numbers of requests begin again after 2^32 of them.
std::int32_t opaque_of(std::uint64_t number) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
}

remoting::HeaderOut header_of(const Call& call, std::int32_t opaque, std::int32_t flag) {
  return {.code = call.code, .opaque = opaque, .flag = flag, .remark = {}, .fields = call.fields};
}

}  // namespace

Result<std::int64_t> Reply::number(std::string_view name) const {
  const auto value = parse_integer<std::int64_t>(field(name));
  if (!value)
    return fail(Errc::malformed, "the answer's field " + std::string(name) + " is no number");
  return *value;
}

ServerAnswer not_supported() {
  return {.code = remoting::response_code::not_supported,
          .remark = "not supported by this client",
          .body = {}};
}

Failure server_failure(std::string_view what, std::string_view peer, const Reply& reply) {
  std::string context(what);
  context.append(": ").append(peer).append(" answered ").append(std::to_string(reply.code()));
  const std::string_view remark = reply.header->remark;
  if (!remark.empty()) context.append(": ").append(remark.substr(0, remark.find('\n')));
  return fail(errc_of(reply.code()), std::move(context));
}

// The session of one connection; keeps its channel alive as long as it is called.
class Channel::Link final : public net::Session {
 public:
  Link(std::shared_ptr<Channel> channel, net::Connection& connection)
      : channel_(std::move(channel)), connection_(connection) {}

  std::size_t on_bytes(std::string_view bytes, const Now& /*now*/) override {
    return channel_->connection_ == &connection_ ? channel_->take(bytes) : bytes.size();
  }
  void on_closed() override {
    if (channel_->connection_ != &connection_) return;
    channel_->connection_ = nullptr;
    channel_->lost({Errc::connection_closed, channel_->peer_});
  }

 private:
  std::shared_ptr<Channel> channel_;
  net::Connection& connection_;
};

Channel::Channel(net::Transport& transport, ChannelSettings settings)
    : transport_(transport), settings_(std::move(settings)), peer_(settings_.address.text()) {}

void Channel::send(const Call& call, Times times, OnReply done) {
  BOLIDE_ASSERT(!closed_);
  used_ms_ = times.now_ms;
  look_at_ms_ = std::min(look_at_ms_, times.deadline_ms);
  const std::int32_t opaque = opaque_of(++sent_);
  waiting_.emplace(opaque, Waiting{std::move(done), times, sent_, arrivals_});
  write(call, opaque, 0);
}

void Channel::send_one_way(const Call& call, std::int64_t now_ms, OnSent done) {
  BOLIDE_ASSERT(!closed_);
  used_ms_ = now_ms;
  const bool connected = connection_ != nullptr;
  if (!connected) early_sent_.push_back(std::move(done));
  write(call, opaque_of(++sent_), remoting::header_flag::one_way);
  if (connected) done({});
}

void Channel::write(const Call& call, std::int32_t opaque, std::int32_t flag) {
  const remoting::HeaderOut header = header_of(call, opaque, flag);
  const std::size_t room = remoting::header_bytes_max(header);
  // Code numbers above 16 bits do not fit the binary form (wire 1.3).
  const auto form =
      call.code > 0x7FFF ? remoting::Serialization::json : remoting::Serialization::binary;
  if (connection_ != nullptr) {
    char* const at = connection_->reserve(room);
    connection_->commit(remoting::encode_header(header, form, call.body.size(), at));
    connection_->write(call.body);
    return;
  }
  const std::size_t size = early_.size();
  early_.resize(size + room);
  early_.resize(size +
                remoting::encode_header(header, form, call.body.size(), early_.data() + size));
  early_ += call.body;
  if (!connecting_) connect();
}

void Channel::connect() {
  connecting_ = true;
  const net::ConnectionLimits limits{.input_bytes_max = std::size_t{frame_bytes_max} + 4,
                                     .output_pause_bytes = output_bytes_max,
                                     .output_bytes_max = output_bytes_max,
                                     .idle_timeout_ms = idle_timeout_ms};
  const auto self = shared_from_this();
  transport_.connect(
      settings_.address, limits, settings_.tls,
      [self](net::Connection& connection) { return self->open(connection); },
      [self](Result<> connected) {
        self->connecting_ = false;
        if (!connected) self->lost(connected.error());
      });
}

std::unique_ptr<net::Session> Channel::open(net::Connection& connection) {
  connecting_ = false;
  if (closed_) return nullptr;
  connection_ = &connection;
  ++connections_;
  note_arrival();
  if (!early_.empty()) connection.write(std::string_view(early_));
  early_ = {};
  auto link = std::make_unique<Link>(shared_from_this(), connection);
  for (OnSent& sent : std::exchange(early_sent_, {})) sent({});
  return link;
}

void Channel::note_arrival() {
  ++arrivals_;
  silent_since_ms_.reset();
}

std::size_t Channel::take(std::string_view bytes) {
  note_arrival();
  std::size_t consumed = 0;
  while (connection_ != nullptr) {
    remoting::Frame frame;
    const auto status = remoting::read_frame(bytes.substr(consumed), frame_bytes_max, &frame);
    if (status == remoting::FrameStatus::incomplete) return consumed;
    if (status == remoting::FrameStatus::complete) consumed += frame.size;
    if (status != remoting::FrameStatus::complete || !take_frame(frame)) {
      if (connection_ != nullptr) connection_->close("not RocketMQ's remoting protocol");
      connection_ = nullptr;
      lost({Errc::malformed, peer_ + " does not speak RocketMQ's remoting protocol"});
    }
  }
  return bytes.size();
}

bool Channel::take_frame(const remoting::Frame& frame) {
  if (!remoting::decode_header(frame, &scratch_, &header_)) return false;
  if (header_.is_response()) {
    const auto found = waiting_.find(header_.opaque);
    if (found == waiting_.end()) return true;  // its time was over
    OnReply done = std::move(found->second.done);
    waiting_.erase(found);
    done(Reply{&header_, frame.body});
    return true;
  }
  take_request(frame.body);
  return true;
}

void Channel::take_request(std::string_view body) {
  if (!settings_.on_request) {
    if (!header_.is_one_way()) answer(header_.opaque, not_supported());
    return;
  }
  Respond respond = [](const ServerAnswer&) {};
  if (!header_.is_one_way()) {
    respond = [weak = weak_from_this(), opaque = header_.opaque,
               connection = connections_](const ServerAnswer& answer) {
      const auto self = weak.lock();
      // Another connection's peer knows nothing of this request.
      if (self && self->connections_ == connection) self->answer(opaque, answer);
    };
  }
  settings_.on_request(header_, body, std::move(respond));
}

void Channel::answer(std::int32_t opaque, const ServerAnswer& answer) {
  if (connection_ == nullptr) return;
  const remoting::HeaderOut header{.code = answer.code,
                                   .opaque = opaque,
                                   .flag = remoting::header_flag::response,
                                   .remark = answer.remark,
                                   .fields = {}};
  char* const at = connection_->reserve(remoting::header_bytes_max(header));
  connection_->commit(
      remoting::encode_header(header, remoting::Serialization::json, answer.body.size(), at));
  connection_->write(std::string_view(answer.body));
}

void Channel::expire(std::int64_t now_ms) {
  if (now_ms < look_at_ms_) return;
  look_at_ms_ = never_ms;
  std::vector<Waiting> late, rest;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool over = at->second.times.deadline_ms <= now_ms;
    if (over) late.push_back(std::move(at->second));
    if (!over) look_at_ms_ = std::min(look_at_ms_, at->second.times.deadline_ms);
    at = over ? waiting_.erase(at) : std::next(at);
  }
  if (connection_ != nullptr && is_dead(late, now_ms)) {
    std::exchange(connection_, nullptr)->close("no answers come");
    rest = take_waiting();
  }
  end(std::move(late), {Errc::timeout, peer_});
  end(std::move(rest), {Errc::connection_closed, peer_ + " does not answer"});
}

bool Channel::is_dead(std::span<const Waiting> late, std::int64_t now_ms) {
  for (const Waiting& request : late) {
    if (request.arrivals != arrivals_) continue;
    silent_since_ms_ = std::min(silent_since_ms_.value_or(now_ms), request.times.now_ms);
  }
  return silent_since_ms_ && now_ms - *silent_since_ms_ >= silence_ms_max;
}

std::vector<Channel::Waiting> Channel::take_waiting() {
  std::vector<Waiting> all;
  for (auto& [opaque, request] : std::exchange(waiting_, {})) all.push_back(std::move(request));
  return all;
}

void Channel::lost(const Error& error) {
  early_ = {};
  auto unsent = std::exchange(early_sent_, {});
  end(take_waiting(), error);
  for (OnSent& sent : unsent) sent(Failure(error));
}

void Channel::end(std::vector<Waiting> requests, const Error& error) {
  std::ranges::sort(requests, {}, &Waiting::number);
  for (Waiting& request : requests) request.done(Failure(error));
}

void Channel::close() {
  if (closed_) return;
  closed_ = true;
  if (net::Connection* const connection = std::exchange(connection_, nullptr))
    connection->close("the client ends");
  lost({Errc::shutting_down, peer_});
}

}  // namespace bolide::client
