// SPDX-License-Identifier: Apache-2.0
//
// Questions to servers, and waiting for their answers.
// Runs on: any thread but the client's agent.  Owns: see admin_calls.h.  Invariant: none.
#include "client/admin_calls.h"

#include "protocols/remoting/wire/request_codes.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

Answer keep(const Reply& reply) {
  Answer answer{.version = reply.header->version, .fields = {}, .body = std::string(reply.body)};
  for (const auto& [name, value] : reply.header->fields) answer.fields.emplace_back(name, value);
  return answer;
}

// What several answers are written into, and who waits for the last.
struct Waiting {
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t left = 0;
  std::vector<std::optional<Result<Answer>>> answers;

  void put(std::size_t index, Result<Answer> answer) {
    const std::lock_guard lock(mutex);
    answers[index].emplace(std::move(answer));
    if (--left == 0) ended.notify_all();
  }
};

Result<Answer> judge(const Question& question, Result<Reply> reply) {
  if (!reply) return Failure(std::move(reply).error().in(question.what));
  if (reply->code() != response_code::success)
    return server_failure(question.what, question.address, *reply);
  return keep(*reply);
}

}  // namespace

std::string_view Answer::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

Result<std::int64_t> Answer::number(std::string_view name) const {
  const auto value = parse_integer<std::int64_t>(field(name));
  if (!value)
    return fail(Errc::malformed, "the answer's field " + std::string(name) + " is no number");
  return *value;
}

std::vector<Result<Answer>> AdminCalls::ask_all(std::vector<Question> questions) const {
  // Shared, because an answer may still hold it when this returns.
  const auto waiting = std::make_shared<Waiting>();
  waiting->left = questions.size();
  waiting->answers.resize(questions.size());
  core_->runtime().run([&] {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const Question& question = questions[i];
      std::vector<remoting::ExtField> fields;
      for (const Arg& arg : question.args) fields.emplace_back(arg.name, arg.value);
      core_->call(question.address,
                  Call{.code = question.code, .fields = fields, .body = question.body},
                  [waiting, i, question](Result<Reply> reply) {
                    waiting->put(i, judge(question, std::move(reply)));
                  });
    }
  });
  std::unique_lock lock(waiting->mutex);
  waiting->ended.wait(lock, [&] { return waiting->left == 0; });
  std::vector<Result<Answer>> answers;
  for (auto& answer : waiting->answers) answers.push_back(std::move(*answer));
  return answers;
}

Result<Answer> AdminCalls::ask(Question question) const {
  if (question.address.empty()) return ask_name_server(std::move(question));
  std::vector<Question> one;
  one.push_back(std::move(question));
  return std::move(ask_all(std::move(one)).front());
}

Result<std::vector<net::Address>> AdminCalls::name_servers() const {
  std::promise<Result<std::vector<net::Address>>> promise;
  core_->runtime().run([&] {
    core_->name_servers(
        [&](const Result<std::vector<net::Address>>& names) { promise.set_value(names); });
  });
  return promise.get_future().get();
}

Result<Answer> AdminCalls::ask_name_server(Question question) const {
  Result<Answer> answer = fail(Errc::connection_failed, question.what);
  BOLIDE_TRY(const std::vector<net::Address> servers, name_servers());
  for (const net::Address& server : servers) {
    question.address = server.text();
    answer = ask(question);
    // Only silence is a reason to ask another one.
    if (answer || !error_row(answer.error().code).retriable) break;
  }
  return answer;
}

Result<TopicRoute> AdminCalls::route(const std::string& topic) const {
  auto answer = ask({.what = "route of topic " + topic,
                     .code = request_code::get_route_info_by_topic,
                     .args = {{"topic", topic}}});
  if (!answer && answer.error().code == Errc::topic_not_found)
    return fail(Errc::topic_not_found, topic);
  if (!answer) return Failure(std::move(answer).error());
  return from_json<TopicRoute>(answer->body);
}

Result<ClusterInfo> AdminCalls::clusters() const {
  BOLIDE_TRY(const Answer answer,
             ask({.what = "clusters", .code = request_code::get_broker_cluster_info}));
  return from_json<ClusterInfo>(answer.body);
}

Result<std::vector<BrokerData>> AdminCalls::masters(const std::string& cluster) const {
  BOLIDE_TRY(const ClusterInfo info, clusters());
  if (!cluster.empty() && !info.clusters.contains(cluster))
    return fail(Errc::not_found, "cluster " + cluster);
  std::vector<BrokerData> masters;
  for (const auto& [name, broker] : info.brokers) {
    if (broker.has_master() && (cluster.empty() || broker.cluster == cluster))
      masters.push_back(broker);
  }
  if (masters.empty()) return fail(Errc::not_found, "a broker that the name server knows");
  return masters;
}

std::vector<Result<Answer>> ask_brokers(const AdminCalls& calls,
                                        const std::vector<BrokerData>& brokers,
                                        const Question& question) {
  std::vector<Question> questions(brokers.size(), question);
  for (std::size_t i = 0; i < brokers.size(); ++i) questions[i].address = brokers[i].address();
  return calls.ask_all(std::move(questions));
}

std::string version_text(std::int32_t version) {
  constexpr std::int32_t v4_0_0 = 213;
  constexpr std::int32_t higher = 612;
  if (version < v4_0_0) return "below 4.0";
  if (version >= higher) return "above 5.9";
  const std::int32_t steps = version - v4_0_0;
  // Each release has its snapshot in front of it.
  const std::int32_t release = (steps + 1) / 2;
  return std::to_string(4 + release / 100) + "." + std::to_string(release / 10 % 10) + "." +
         std::to_string(release % 10) + (steps % 2 == 0 ? "" : "-SNAPSHOT");
}

}  // namespace bolide::client
