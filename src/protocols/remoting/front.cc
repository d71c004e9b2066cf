// SPDX-License-Identifier: Apache-2.0
//
// The remoting front end: sessions and the way of answers back to them.
// Runs on: io agent.  Owns: the list of sessions.  Invariant: see front.h.
#include "protocols/remoting/front.h"

#include "protocols/remoting/session.h"
#include "protocols/remoting/wire/request_codes.h"

#include <atomic>
#include <cstring>

namespace bolide::remoting {
namespace {

// Ids are unique in the process: sessions of several front ends meet in the core.
std::atomic<broker::SessionId> next_session{1};

constexpr std::int64_t question_ms = 10'000;

}  // namespace

Front::Front(BrokerService* broker, NamingService* naming, std::uint32_t frame_bytes_max)
    : broker_(broker), naming_(naming), frame_bytes_max_(frame_bytes_max) {}

std::unique_ptr<net::Session> Front::make_session(net::Connection& connection) {
  const broker::SessionId id = next_session.fetch_add(1, std::memory_order_relaxed);
  sessions_[id] = &connection;
  return std::make_unique<RemotingSession>(*this, connection, id);
}

net::Connection* Front::find(broker::SessionId session) {
  if (session == last_session_) return last_connection_;
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return nullptr;
  last_session_ = session;
  last_connection_ = found->second;
  return last_connection_;
}

void Front::forget(broker::SessionId session) {
  if (last_session_ == session) last_session_ = 0;
  sessions_.erase(session);
}

bool Front::write(broker::SessionId session, const HeaderOut& out, Serialization serialization,
                  std::string_view body) {
  net::Connection* connection = find(session);
  if (connection == nullptr) return true;
  char* at = connection->reserve(header_bytes_max(out) + body.size());
  const std::size_t size = encode_header(out, serialization, body.size(), at);
  if (size == 0) {
    connection->commit(0);
    return false;
  }
  if (!body.empty()) std::memcpy(at + size, body.data(), body.size());
  connection->commit(size + body.size());
  return true;
}

bool Front::write(broker::SessionId session, const HeaderOut& out, Serialization serialization,
                  const Slices& body) {
  net::Connection* connection = find(session);
  if (connection == nullptr) return true;
  std::size_t body_bytes = 0;
  for (const Slice& slice : body) body_bytes += slice.size;
  char* at = connection->reserve(header_bytes_max(out));
  const std::size_t size = encode_header(out, serialization, body_bytes, at);
  connection->commit(size);
  if (size == 0) return false;
  for (const Slice& slice : body) connection->write(slice);
  return true;
}

void Front::ask(broker::SessionId session, const Call& call) {
  const bool asked =
      ask(session, {.code = call.header.code, .fields = call.header.fields}, call.body, call.now,
          [responder = call.responder()](const Header* answer, std::string_view body) {
            if (answer == nullptr) {
              return responder.error(Error{Errc::consumer_not_online,
                                           "the client has gone, or did not answer in time"});
            }
            responder.answer(
                {.code = answer->code, .remark = answer->remark, .fields = answer->fields}, body);
          });
  if (!asked) call.responder().error(Error{Errc::malformed, "the header is too long to pass on"});
}

bool Front::ask(broker::SessionId session, HeaderOut question, std::string_view body,
                const Now& now, OnAnswer done) {
  question.opaque = next_opaque();
  question.flag = 0;
  if (!write(session, question, Serialization::json, body)) return false;
  questions_.insert_or_assign(
      question.opaque,
      Question{
          .done = std::move(done), .asked = session, .deadline_ms = now.steady_ms() + question_ms});
  return true;
}

void Front::answered(broker::SessionId session, const Header& header, std::string_view body) {
  const auto found = questions_.find(header.opaque);
  if (found == questions_.end() || found->second.asked != session) return;
  OnAnswer done = std::move(found->second.done);
  questions_.erase(found);
  done(&header, body);
}

void Front::tick(const Now& now) {
  std::vector<OnAnswer> late;
  for (auto at = questions_.begin(); at != questions_.end();) {
    if (at->second.deadline_ms > now.steady_ms() && sessions_.contains(at->second.asked)) {
      ++at;
    } else {
      late.push_back(std::move(at->second.done));
      at = questions_.erase(at);
    }
  }
  for (OnAnswer& done : late) done(nullptr, {});
}

bool Front::on_check_transaction(broker::SessionId session,
                                 const broker::TransactionQuestion& question) {
  const net::Connection* connection = find(session);
  if (connection == nullptr || connection->congested()) return false;
  const DecimalText half_offset(question.half_offset);
  const DecimalText position(question.position);
  const ExtField fields[] = {{"tranStateTableOffset", half_offset.view()},
                             {"commitLogOffset", position.view()},
                             {"msgId", question.unique_key},
                             {"transactionId", question.unique_key},
                             {"offsetMsgId", question.message_id}};
  write(session,
        {.code = request_code::check_transaction_state,
         .opaque = next_opaque(),
         .flag = header_flag::one_way,
         .fields = fields},
        Serialization::json, question.record);
  return true;  // of one with too long a key nobody hears, however often it is tried
}

void Front::notify(broker::SessionId session, std::int32_t code, std::span<const ExtField> fields) {
  write(session,
        {.code = code, .opaque = next_opaque(), .flag = header_flag::one_way, .fields = fields},
        Serialization::json, std::string_view{});
}

void Front::on_group_changed(broker::SessionId session, std::string_view group) {
  const ExtField fields[] = {{"consumerGroup", group}};
  notify(session, request_code::notify_consumer_ids_changed, fields);
}

void Front::on_lite_unsubscribed(broker::SessionId session, const broker::LiteNotice& notice) {
  const ExtField fields[] = {{"liteTopic", notice.lite_topic},
                             {"consumerGroup", notice.group},
                             {"clientId", notice.client}};
  notify(session, request_code::notify_unsubscribe_lite, fields);
}

}  // namespace bolide::remoting
