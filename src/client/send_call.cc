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

Result<SendPtr> make_send(ProducerCore& core, Message message, QueueSelector select,
                          const SendExtras& extras) {
  const std::string& space = core.core().settings().name_space;
  auto send = std::make_unique<Send>();
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
