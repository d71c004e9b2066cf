// SPDX-License-Identifier: Apache-2.0
//
// Consumer groups and how far they are (rocketmq wire 2.7).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"

#include <map>
#include <memory>

namespace bolide::remoting::on {
namespace {

broker::Reply<std::vector<std::string>> answer_names(const Call& call, std::string_view name) {
  return [responder = call.responder(), name](Result<std::vector<std::string>> names) {
    if (!names) return responder.error(names.error());
    responder.ok_body(list_json(name, *names));
  };
}

Result<> put_all(const Call& call, const std::vector<broker::GroupConfig>& configs) {
  Result<> all;
  for (const broker::GroupConfig& config : configs) {
    call.broker().api.put_group(call.identity, config, [&all](Result<> done) {
      if (!done && all) all = std::move(done);
    });
  }
  return all;
}

void answer(const Call& call, const Result<>& done) {
  if (!done) return call.responder().error(done.error());
  call.responder().ok();
}

// What all groups answered to request 317, and how many have not yet.
struct Gathered {
  Responder responder;
  std::string broker;
  std::map<std::string, broker::GroupProgress> groups;
  std::size_t waiting = 0;
};

}  // namespace

void put_group(const Call& call) {
  std::vector<broker::GroupConfig> configs(1);
  JsonReader in(call.body);
  broker::read_group(in, &configs.front());
  if (auto done = in.finish(); !done) return call.responder().error(done.error());
  answer(call, put_all(call, configs));
}

void put_group_list(const Call& call) {
  std::vector<broker::GroupConfig> configs;
  JsonReader in(call.body);
  in.object([&](JsonKey key) {
    if (key != "groupConfigList") return;
    in.array([&] { broker::read_group(in, &configs.emplace_back()); });
  });
  if (auto done = in.finish(); !done) return call.responder().error(done.error());
  answer(call, put_all(call, configs));
}

void delete_group(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("groupName");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const bool clean = fields.flag_or("cleanOffset", fields.flag_or("removeOffset", false));
  call.broker().api.delete_group(call.identity, group, clean,
                                 [responder = call.responder()](Result<> done) {
                                   if (!done && done.error().code != Errc::group_not_found) {
                                     return responder.error(done.error());
                                   }
                                   responder.ok();
                                 });
}

void get_group(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("group");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.group(call.identity, group,
                          [responder = call.responder()](Result<broker::GroupConfig> found) {
                            if (!found) return responder.error(found.error());
                            responder.ok_body(group_json(*found));
                          });
}

void get_all_groups(const Call& call) {
  call.broker().api.all_groups(
      call.identity, [responder = call.responder()](Result<broker::GroupTable> all) {
        if (!all) return responder.error(all.error());
        const DecimalText total(static_cast<std::int64_t>(all->groups.size()));
        const ExtField fields[] = {{"totalGroupNum", total.view()}};
        responder.ok(fields, group_table_json(*all));
      });
}

void get_consume_stats(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  std::vector<std::string> topics;
  if (const std::string_view topic = fields.text_or("topic", {}); !topic.empty()) {
    topics.emplace_back(topic);
  }
  for (std::string_view topic : split(fields.text_or("topicList", {}), ';')) {
    if (!topic.empty()) topics.emplace_back(topic);
  }
  call.broker().api.group_progress(
      call.identity, group, topics,
      [responder = call.responder(),
       broker = call.broker().broker_name](Result<broker::GroupProgress> progress) {
        if (!progress) return responder.error(progress.error());
        responder.ok_body(consume_stats_json(broker, *progress));
      });
}

void get_all_consume_stats(const Call& call) {
  auto all = std::make_shared<Gathered>(
      Gathered{.responder = call.responder(), .broker = call.broker().broker_name});
  broker::Api& api = call.broker().api;
  api.all_groups(call.identity, [all, &api, who = call.identity](Result<broker::GroupTable> table) {
    if (!table) return all->responder.error(table.error());
    all->waiting = table->groups.size();
    for (const broker::GroupConfig& group : table->groups) {
      api.group_progress(
          who, group.name, {}, [all, name = group.name](Result<broker::GroupProgress> progress) {
            if (progress) all->groups[name] = std::move(*progress);
            if (--all->waiting > 0) return;
            all->responder.ok_body(consume_stats_list_json(all->broker, all->groups));
          });
    }
    if (table->groups.empty()) all->responder.ok_body(consume_stats_list_json(all->broker, {}));
  });
}

void get_groups_of_topic(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.groups_of_topic(call.identity, topic, answer_names(call, "groupList"));
}

void get_topics_of_group(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("group");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.topics_of_group(call.identity, group, answer_names(call, "topicList"));
}

void get_consume_spans(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  const std::string_view group = fields.text("group");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.consume_spans(
      call.identity, topic, group,
      [responder = call.responder(), topic = std::string(topic),
       broker = call.broker().broker_name](Result<std::vector<broker::ConsumeSpan>> spans) {
        if (!spans) return responder.error(spans.error());
        responder.ok_body(consume_spans_json(broker, topic, *spans));
      });
}

}  // namespace bolide::remoting::on
