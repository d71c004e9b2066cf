// SPDX-License-Identifier: Apache-2.0
//
// One remoting connection.
// Runs on: io agent.  Owns: nothing but its identity.  Invariant: see session.h.
#include "protocols/remoting/session.h"

#include "base/log.h"
#include "protocols/remoting/commands.h"
#include "protocols/remoting/naming_service.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::remoting {
namespace {

constexpr std::int32_t version_v5_3_1 = 475;  // newer clients understand GO_AWAY (wire 1.4)

// Decoding state is shared by the sessions of a thread: an idle connection holds no memory for it.
struct Scratch {
  Header header;
  std::string text;
};
thread_local Scratch scratch;

const broker::Identity anonymous;

}  // namespace

RemotingSession::RemotingSession(Front& front, net::Connection& connection, broker::SessionId id)
    : front_(front), connection_(connection), id_(id) {
  const net::PeerAddress& peer = connection.peer();
  std::copy(std::begin(peer.bytes), std::end(peer.bytes), std::begin(peer_.bytes));
  peer_.size = peer.size;
  peer_.port = peer.port;
}

std::size_t RemotingSession::on_bytes(std::string_view bytes, const Now& now) {
  std::size_t used = 0;
  Frame frame;
  while (!connection_.congested()) {
    switch (read_frame(bytes.substr(used), front_.frame_bytes_max(), &frame)) {
      case FrameStatus::incomplete: return used;
      case FrameStatus::bad_length:
        return reject(Malformed::length,
                      "malformed frame: shorter than its head, or longer than net.max_frame_bytes"),
               bytes.size();
      case FrameStatus::bad_serialization:
        return reject(Malformed::serialization, "malformed frame: unknown serialisation"),
               bytes.size();
      case FrameStatus::bad_header_length:
        return reject(Malformed::header_length, "malformed frame: header longer than frame"),
               bytes.size();
      case FrameStatus::complete:
        if (!handle(frame, now)) return bytes.size();
        used += frame.size;
    }
  }
  return used;
}

bool RemotingSession::handle(const Frame& frame, const Now& now) {
  Header& header = scratch.header;
  if (auto decoded = decode_header(frame, &scratch.text, &header); !decoded) {
    reject(Malformed::header, decoded.error().context);
    return false;
  }
  if (header.is_response()) {
    ++front_.stats().responses_in;
    front_.answered(id_, header, frame.body);
    return true;
  }
  ++front_.stats().requests;
  const Call call{.front = front_,
                  .session = id_,
                  .peer = peer_,
                  .header = header,
                  .body = frame.body,
                  .serialization = frame.serialization,
                  .now = now,
                  .identity = anonymous};
  if (front_.draining() && sent_away(call)) return true;
  dispatch(call);
  return true;
}

bool RemotingSession::sent_away(const Call& call) {
  if (call.header.version > version_v5_3_1) {
    call.responder().error(Error{Errc::shutting_down, "please go away"});
    return true;
  }
  if (front_.broker() == nullptr) return false;
  // Older clients try another broker after this code. Nothing more is taken in: it might be stored
  // and its sender never told.
  call.responder().answer(
      {.code = response_code::service_not_available, .remark = "the server is stopping"},
      std::string_view{});
  return true;
}

void RemotingSession::reject(Malformed reason, std::string_view text) {
  ++front_.stats().malformed[static_cast<std::size_t>(reason)];
  BOLIDE_LOG(info, "peer={} is cut off: {}", connection_.peer().text(), text);
  connection_.close(text);
}

void RemotingSession::on_closed() {
  front_.forget(id_);
  if (front_.broker() != nullptr) front_.broker()->api.session_closed(id_);
  if (front_.naming() != nullptr) front_.naming()->registry.connection_closed(id_);
}

}  // namespace bolide::remoting
