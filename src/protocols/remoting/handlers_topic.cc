// SPDX-License-Identifier: Apache-2.0
//
// Topics of the broker (rocketmq wire 2.7).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "naming/bodies.h"
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/topic_tables.h"

namespace bolide::remoting::on {
namespace {

broker::Reply<void> answer_done(const Call& call) {
  return [responder = call.responder()](Result<> done) {
    if (!done) return responder.error(done.error());
    responder.ok();
  };
}

// "+a=b,-c" of attributes that a whole config brings.
std::string attribute_changes(const broker::TopicConfig& config) {
  std::string changes;
  for (const auto& [name, value] : config.attributes) {
    if (!changes.empty()) changes += ',';
    if (!name.starts_with('+') && !name.starts_with('-')) changes += '+';
    changes += name;
    if (!value.empty()) changes += "=" + value;
  }
  return changes;
}

broker::TopicConfig config_of(Fields& fields) {
  return {.name = std::string(fields.text("topic")),
          .read_queues = fields.number<std::int32_t>("readQueueNums"),
          .write_queues = fields.number<std::int32_t>("writeQueueNums"),
          .permission = fields.number<std::int32_t>("perm"),
          .filter_type = std::string(fields.text_or("topicFilterType", "SINGLE_TAG")),
          .sys_flag = fields.number_or("topicSysFlag", 0),
          .order = fields.flag_or("order", false)};
}

}  // namespace

void put_static_topic(const Call& call) {
  Fields fields(call.header);
  const broker::TopicConfig config = config_of(fields);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const auto mapping = broker::parse_mapping(call.body);
  if (!mapping) return call.responder().error(mapping.error());
  call.broker().api.put_static_topic(call.identity, config, *mapping,
                                     fields.flag_or("force", false), answer_done(call));
}

void put_topic(const Call& call) {
  Fields fields(call.header);
  const broker::TopicConfig config = config_of(fields);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.put_topic(call.identity, config, fields.text_or("attributes", {}),
                              answer_done(call));
}

void put_topic_list(const Call& call) {
  std::vector<broker::TopicConfig> configs;
  JsonReader in(call.body);
  in.object([&](JsonKey key) {
    if (key != "topicConfigList") return;
    in.array([&] { broker::read_topic(in, &configs.emplace_back()); });
  });
  if (auto done = in.finish(); !done) return call.responder().error(done.error());
  Result<> all;
  for (const broker::TopicConfig& config : configs) {
    call.broker().api.put_topic(call.identity, config, attribute_changes(config),
                                [&all](Result<> done) {
                                  if (!done && all) all = std::move(done);
                                });
  }
  if (!all) return call.responder().error(all.error());
  call.responder().ok();
}

void delete_topic(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.delete_topic(call.identity, topic,
                                 [responder = call.responder()](Result<> done) {
                                   // Deleting what is not there is done already, as Apache says.
                                   if (!done && done.error().code != Errc::topic_not_found) {
                                     return responder.error(done.error());
                                   }
                                   responder.ok();
                                 });
}

void get_topic(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const bool logical = fields.flag_or("lo", false);
  call.broker().api.topic(
      call.identity, topic,
      [responder = call.responder(), logical, identity = call.identity,
       service = &call.broker()](Result<broker::TopicConfig> found) {
        if (!found) return responder.error(found.error());
        if (!logical) return responder.ok_body(topic_json(*found, nullptr));
        service->api.topic_mapping(
            identity, found->name,
            [responder, config = *found](Result<std::optional<broker::TopicMapping>> mapping) {
              const bool mapped = mapping && *mapping;
              responder.ok_body(topic_json(config, mapped ? &**mapping : nullptr));
            });
      });
}

void get_all_topics(const Call& call) {
  call.broker().api.all_topics(
      call.identity, [responder = call.responder()](Result<broker::TopicTable> all) {
        if (!all) return responder.error(all.error());
        const DecimalText total(static_cast<std::int64_t>(all->topics.size()));
        const ExtField fields[] = {{"totalTopicNum", total.view()}};
        responder.ok(fields, naming::encode_topic_table(topic_table(std::move(*all), true)));
      });
}

void get_topic_stats(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.topic_ranges(call.identity, topic,
                                 [responder = call.responder(), topic = std::string(topic),
                                  broker = call.broker().broker_name](
                                     Result<std::map<std::int32_t, broker::QueueRange>> ranges) {
                                   if (!ranges) return responder.error(ranges.error());
                                   responder.ok_body(topic_stats_json(broker, topic, *ranges));
                                 });
}

void get_system_topics(const Call& call) {
  call.broker().api.all_topics(call.identity,
                               [responder = call.responder(), broker = call.broker().broker_name,
                                cluster = call.broker().cluster](Result<broker::TopicTable> all) {
                                 if (!all) return responder.error(all.error());
                                 std::vector<std::string> names;
                                 for (const broker::TopicConfig& topic : all->topics) {
                                   if (broker::is_system_topic(topic.name) ||
                                       topic.name == broker || topic.name == cluster) {
                                     names.push_back(topic.name);
                                   }
                                 }
                                 responder.ok_body(list_json("topicList", names));
                               });
}

}  // namespace bolide::remoting::on
