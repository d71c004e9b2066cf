// SPDX-License-Identifier: Apache-2.0
//
// Offsets of queues and of consumers (rocketmq wire 2.7; semantics 3.6).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "base/json_writer.h"
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"

namespace bolide::remoting::on {
namespace {

broker::Reply<std::int64_t> answer_number(const Call& call, std::string_view name) {
  return [responder = call.responder(), name](Result<std::int64_t> value) {
    if (!value) return responder.error(value.error());
    const DecimalText text(*value);
    const ExtField fields[] = {{name, text.view()}};
    responder.ok(fields);
  };
}

broker::QueueTarget queue_of(Fields& fields) {
  return {.topic = fields.text("topic"),
          .queue_id = fields.number<std::int32_t>("queueId"),
          .physical = names_physical_queue(fields)};
}

}  // namespace

void query_consumer_offset(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  const broker::QueueTarget queue = queue_of(fields);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.consumer_offset(call.identity, group, queue,
                                    fields.flag_or("setZeroIfNotFound", true),
                                    answer_number(call, "offset"));
}

void update_consumer_offset(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  const broker::QueueTarget queue = queue_of(fields);
  const auto offset = fields.number<std::int64_t>("commitOffset");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.commit_offset(call.identity, group, queue, offset,
                                  [responder = call.responder()](Result<> done) {
                                    if (!done) return responder.error(done.error());
                                    responder.ok();
                                  });
}

void get_all_consumer_offset(const Call& call) {
  call.broker().api.all_offsets(
      call.identity, [responder = call.responder()](Result<std::vector<broker::OffsetEntry>> all) {
        if (!all) return responder.error(all.error());
        responder.ok_body(offsets_json(*all));
      });
}

void search_offset(const Call& call) {
  Fields fields(call.header);
  const broker::QueueTarget queue = queue_of(fields);
  const auto time_ms = fields.number<std::int64_t>("timestamp");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const std::string_view boundary = fields.text_or("boundaryType", "lower");
  const bool upper = boundary == "upper" || boundary == "UPPER";
  call.broker().api.offset_by_time(call.identity, queue, time_ms, upper,
                                   answer_number(call, "offset"));
}

void get_max_offset(const Call& call) {
  Fields fields(call.header);
  const broker::QueueTarget queue = queue_of(fields);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.max_offset(call.identity, queue, answer_number(call, "offset"));
}

void get_min_offset(const Call& call) {
  Fields fields(call.header);
  const broker::QueueTarget queue = queue_of(fields);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.min_offset(call.identity, queue, answer_number(call, "offset"));
}

void get_earliest_store_time(const Call& call) {
  Fields fields(call.header);
  const broker::QueueTarget queue = queue_of(fields);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.earliest_store_time(call.identity, queue, answer_number(call, "timestamp"));
}

void reset_offset(const Call& call) {
  Fields fields(call.header);
  broker::ResetRequest request{.group = std::string(fields.text("group")),
                               .topic = std::string(fields.text("topic")),
                               .queue_id = fields.number_or("queueId", -1),
                               .timestamp_ms = fields.number_or<std::int64_t>("timestamp", -1),
                               .force = fields.flag_or("isForce", true)};
  const auto offset = fields.number_or<std::int64_t>("offset", -1);
  if (offset >= 0) request.offset = offset;
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.reset_offsets(
      call.identity, request,
      [responder = call.responder(), topic = request.topic,
       broker = call.broker().broker_name](Result<std::map<std::int32_t, std::int64_t>> chosen) {
        if (!chosen) return responder.error(chosen.error());
        responder.ok_body(queue_offsets_json(broker, topic, *chosen));
      });
}

void clone_group_offset(const Call& call) {
  Fields fields(call.header);
  const std::string_view from = fields.text("srcGroup");
  const std::string_view to = fields.text("destGroup");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.clone_offsets(call.identity, from, to, fields.text_or("topic", {}),
                                  [responder = call.responder()](Result<> done) {
                                    if (!done) return responder.error(done.error());
                                    responder.ok();
                                  });
}

}  // namespace bolide::remoting::on
