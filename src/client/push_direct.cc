// SPDX-License-Identifier: Apache-2.0
//
// Consuming one message that an operator chose (code 309, rocketmq wire 2.7): the listener is
// called, what it says is told, and no offset moves.
// Runs on: the client's agent and a worker.  Owns: nothing.  Invariant: answered once.
#include "base/json_writer.h"
#include "client/message.h"
#include "client/push_core.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

namespace bolide::client {
namespace {

ServerAnswer refusal(std::string why) {
  return {.code = remoting::response_code::system_error, .remark = std::move(why), .body = {}};
}

std::string result_body(bool ordered, ConsumeResult result, std::int64_t took_ms) {
  std::string body;
  JsonWriter out(body);
  out.begin_object();
  out.member("autoCommit", true);
  out.member("consumeResult", result == ConsumeResult::success ? "CR_SUCCESS" : "CR_LATER");
  out.member("order", ordered);
  out.member("spentTimeMills", took_ms);
  out.end_object();
  return body;
}

}  // namespace

void PushCore::consume_directly(std::string_view record, Respond respond) {
  if (stopping_) return respond(refusal("the consumer is stopping"));
  auto messages = decode_messages(record);
  if (!messages) return respond(refusal(messages.error().message()));
  if (messages->size() != 1) return respond(refusal("the body is not one message"));
  if (messages->front().damaged) return respond(refusal("the body of the message is damaged"));
  name_for_user(messages->front());
  ++consuming_;
  auto self = std::static_pointer_cast<PushCore>(shared_from_this());
  runtime().workers().submit([self = std::move(self), messages = std::move(*messages),
                              respond = std::move(respond)]() mutable {
    const std::int64_t began_ms = os::system_clock().now().steady_ms();
    const ConsumeResult result = self->listen(messages);
    const std::int64_t took_ms = os::system_clock().now().steady_ms() - began_ms;
    Runtime& runtime = self->runtime();
    runtime.post([self = std::move(self), respond = std::move(respond), result, took_ms]() mutable {
      respond({.remark = {}, .body = result_body(self->is_ordered(), result, took_ms)});
      self->end_consuming();
    });
  });
}

}  // namespace bolide::client
