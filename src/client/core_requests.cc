// SPDX-License-Identifier: Apache-2.0
//
// What servers ask of a client, and which of its members answers (rocketmq wire 2.6, 2.7).
// Runs on: the client's agent.  Owns: nothing.  Invariant: see core.h.
#include "base/fields_json.h"
#include "client/core.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <utility>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

// The body of RESET_CONSUMER_CLIENT_OFFSET (wire 2.8).
struct ResetBody {
  std::map<QueueKey, std::int64_t> offsets;
  static constexpr auto fields = std::tuple{Field{"offsetTable", &ResetBody::offsets}};
};

}  // namespace

void Core::on_server_request(const std::string& address, const remoting::Header& header,
                             std::string_view body, Respond respond) {
  const std::vector<Member*> members = members_;
  switch (header.code) {
    case request_code::check_transaction_state:
      for (Member* const member : members) {
        if (member->on_check_transaction(address, header, body)) break;
      }
      break;
    case request_code::push_reply_message_to_client:
      // An answer that comes after its time is taken too: nobody else can use it.
      for (Member* const member : members) {
        if (member->on_answer(header, body)) break;
      }
      break;
    case request_code::notify_consumer_ids_changed:
      for (Member* const member : members) {
        if (member->consumes() && member->group() == header.field("consumerGroup"))
          member->on_members_changed();
      }
      break;
    case request_code::reset_consumer_client_offset: reset_offsets(header, body); break;
    case request_code::get_consumer_status_from_client:
    case request_code::get_consumer_running_info:
    case request_code::consume_message_directly:
      return on_consumer_request(header, body, std::move(respond));
    default: return respond(not_supported());
  }
  respond({});
}

void Core::on_consumer_request(const remoting::Header& header, std::string_view body,
                               Respond respond) {
  const bool asks_offsets = header.code == request_code::get_consumer_status_from_client;
  const std::string_view group = header.field(asks_offsets ? "group" : "consumerGroup");
  const auto found = std::ranges::find_if(members_, [&](const Member* member) {
    return member->consumes() && member->group() == group;
  });
  if (found == members_.end()) {
    return respond({.code = response_code::system_error,
                    .remark = "this client has no consumer of group " + std::string(group),
                    .body = {}});
  }
  Member& member = **found;
  if (header.code == request_code::consume_message_directly)
    return member.consume_directly(body, std::move(respond));
  respond({.remark = {},
           .body = asks_offsets ? member.offsets_info(std::string(header.field("topic")))
                                : member.running_info()});
}

void Core::reset_offsets(const remoting::Header& header, std::string_view body) {
  const auto reset = from_json<ResetBody>(body);
  if (!reset) return;
  for (Member* const member : std::vector<Member*>(members_)) {
    if (member->consumes() && member->group() == header.field("group"))
      member->on_reset_offsets(std::string(header.field("topic")), reset->offsets);
  }
}

}  // namespace bolide::client
