// SPDX-License-Identifier: Apache-2.0
//
// From a message to its receipt.
// Runs on: the caller's thread.  Owns: nothing.  Invariant: none.
#include "client/send_call.h"

#include "client/message.h"
#include "client/names.h"

#include <future>
#include <utility>

namespace bolide::client {

namespace {

Result<> check_sequence(const ProducerOptions& options, const Message& message, bool chosen) {
  const bool wanted = options.idempotent && !options.producer_id.empty();
  if (wanted != message.sequence.has_value())
    return fail(Errc::message_invalid, wanted
                                           ? "a message of a producer with an id needs a sequence"
                                           : "a sequence is for idempotent producers with an id");
  if (!wanted) return {};
  if (*message.sequence < 0 || *message.sequence >= INT64_MAX / 2)
    return fail(Errc::message_invalid, "sequence " + std::to_string(*message.sequence));
  if (!chosen && message.ordering_key.empty())
    return fail(Errc::message_invalid,
                "a message with a sequence needs a selector or an ordering key");
  return {};
}

}  // namespace

Result<SendPtr> make_send(ProducerCore& core, Message message, QueueSelector select,
                          const SendExtras& extras) {
  const std::string& space = core.core().settings().name_space;
  BOLIDE_CHECK(check_sequence(core.options(), message, select != nullptr));
  auto send = std::make_unique<Send>();
  send->sequence_wanted = message.sequence;
  send->ids.push_back(core.next_id());
  BOLIDE_TRY(send->encoded, encode_message(message, send->ids.front(), core.options()));
  Properties extra = extras.properties;
  if (!space.empty()) extra.emplace_back("INSTANCE_ID", space);
  BOLIDE_TRY(const std::string more, encode_properties(extra));
  send->encoded.properties += more;
  send->encoded.sys_flag |= extras.sys_flag;
  send->topic = wrap(space, message.topic);
  send->flag = message.flag;
  send->ordering_key = message.ordering_key;
  if (select) {
    send->select = std::move(select);
    send->original = std::move(message);
  }
  return send;
}

Result<SendReceipt> send_and_wait(ProducerCore& core, SendPtr send) {
  // Shared, because whoever sets the value still holds it when this returns.
  const auto promise = std::make_shared<std::promise<Result<SendReceipt>>>();
  const std::size_t bytes = send->encoded.body.size();
  send->done = [promise](Result<SendReceipt> result) { promise->set_value(std::move(result)); };
  BOLIDE_CHECK(core.submit(std::move(send)));
  Result<SendReceipt> result = promise->get_future().get();
  core.release(bytes);
  return result;
}

}  // namespace bolide::client
