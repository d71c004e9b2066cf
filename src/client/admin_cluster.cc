// SPDX-License-Identifier: Apache-2.0
//
// Brokers, producers, and what the name servers keep, as an administrator sees them.
// Runs on: any thread.  Owns: nothing.  Invariant: see admin.h.
#include <bolide/admin.h>

#include "client/admin_bodies.h"
#include "client/admin_calls.h"
#include "client/status.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <tuple>

namespace bolide {
namespace {

using client::AdminCalls;
using client::Answer;
using client::to_status;
using client::to_status_or;
using Texts = std::map<std::string, std::string>;
namespace request_code = remoting::request_code;

Result<std::vector<BrokerInfo>> list_brokers(const AdminCalls& calls) {
  BOLIDE_TRY(const auto info, calls.clusters());
  std::vector<BrokerInfo> brokers;
  for (const auto& [name, data] : info.brokers) {
    for (const auto& [id, address] : data.addresses)
      brokers.push_back({.cluster = data.cluster, .name = name, .id = id, .address = address});
  }
  std::ranges::sort(brokers, {}, [](const BrokerInfo& broker) {
    return std::tie(broker.cluster, broker.name, broker.id);
  });
  return brokers;
}

Result<Texts> table(const AdminCalls& calls, client::Question question) {
  BOLIDE_TRY(const Answer answer, calls.ask(std::move(question)));
  BOLIDE_TRY(auto body, from_json<client::TextTableBody>(answer.body));
  return std::move(body.table);
}

// Lines NAME=VALUE.
Result<Texts> settings(const AdminCalls& calls, const std::string& address) {
  BOLIDE_TRY(const Answer answer, calls.ask({.address = address,
                                             .what = "settings of broker",
                                             .code = request_code::get_broker_config}));
  Texts texts;
  for (const std::string_view line : split(answer.body, '\n')) {
    const std::size_t mark = line.find('=');
    if (mark == std::string_view::npos || mark == 0) continue;
    texts.emplace(trim(line.substr(0, mark)), trim(line.substr(mark + 1)));
  }
  return texts;
}

Result<std::vector<ProducerInfo>> list_producers(const AdminCalls& calls,
                                                 const std::string& group) {
  BOLIDE_TRY(const auto masters, calls.masters());
  const auto answers = client::ask_brokers(
      calls, masters, {.what = "producers", .code = request_code::get_all_producers});
  std::vector<ProducerInfo> producers;
  for (std::size_t i = 0; i < masters.size(); ++i) {
    BOLIDE_TRY(const Answer answer, answers[i]);
    BOLIDE_TRY(const auto body, from_json<client::ProducerTable>(answer.body));
    for (const auto& [name, clients] : body.groups) {
      if (!group.empty() && name != group) continue;
      for (const client::ProducerBody& one : clients) {
        producers.push_back({.group = name,
                             .broker = masters[i].name,
                             .client = {.id = one.client_id,
                                        .address = one.address,
                                        .language = one.language,
                                        .version = client::version_text(one.version)},
                             .seen_ms = one.seen_ms});
      }
    }
  }
  std::ranges::sort(producers, {}, [](const ProducerInfo& producer) {
    return std::tie(producer.group, producer.client.id, producer.broker);
  });
  return producers;
}

client::Question kv_question(std::string_view what, std::int32_t code, const std::string& space,
                             const std::string& key) {
  return {.what = std::string(what).append(" ").append(space).append("/").append(key),
          .code = code,
          .args = {{"namespace", space}, {"key", key}}};
}

// Every name server keeps its own.
Result<> tell_all(const AdminCalls& calls, const client::Question& question) {
  std::vector<client::Question> questions;
  BOLIDE_TRY(const std::vector<net::Address> servers, calls.name_servers());
  for (const net::Address& server : servers) {
    questions.push_back(question);
    questions.back().address = server.text();
  }
  for (const auto& answer : calls.ask_all(std::move(questions))) BOLIDE_CHECK(answer);
  return {};
}

}  // namespace

StatusOr<std::vector<BrokerInfo>> Admin::brokers() const {
  return to_status_or(list_brokers(*calls_));
}

StatusOr<Texts> Admin::broker_state(const std::string& address) const {
  return to_status_or(table(*calls_, {.address = address,
                                      .what = "state of broker",
                                      .code = request_code::get_broker_runtime_info}));
}

StatusOr<Texts> Admin::broker_settings(const std::string& address) const {
  return to_status_or(settings(*calls_, address));
}

StatusOr<std::vector<ProducerInfo>> Admin::producers(const std::string& group) const {
  return to_status_or(list_producers(*calls_, group));
}

StatusOr<std::string> Admin::kv(const std::string& space, const std::string& key) const {
  const auto answer = calls_->ask(kv_question("setting", request_code::get_kv_config, space, key));
  if (!answer) return to_status(answer.error());
  return std::string(answer->field("value"));
}

StatusOr<Texts> Admin::kv_list(const std::string& space) const {
  return to_status_or(table(*calls_, {.what = "settings of " + space,
                                      .code = request_code::get_kv_list,
                                      .args = {{"namespace", space}}}));
}

Status Admin::put_kv(const std::string& space, const std::string& key,
                     const std::string& value) const {
  client::Question question = kv_question("set", request_code::put_kv_config, space, key);
  question.args.push_back({"value", value});
  return to_status(tell_all(*calls_, question));
}

Status Admin::delete_kv(const std::string& space, const std::string& key) const {
  return to_status(
      tell_all(*calls_, kv_question("delete", request_code::delete_kv_config, space, key)));
}

}  // namespace bolide
