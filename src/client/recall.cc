// SPDX-License-Identifier: Apache-2.0
//
// Recall handles, and the request.
// Runs on: see recall.h.  Owns: nothing.  Invariant: none.
#include "client/recall.h"

#include "base/base64.h"
#include "base/strings.h"
#include "protocols/remoting/wire/request_codes.h"

#include <optional>
#include <utility>
#include <vector>

namespace bolide::client {
namespace {

using OnRecalled = std::move_only_function<void(Result<std::string>)>;

void ask(Core& core, const Recall& recall, const std::string& broker, OnRecalled done) {
  core.call(core.broker_address(broker, false), remoting::request_code::recall_message,
            {{"producerGroup", recall.group},
             {"topic", recall.topic},
             {"recallHandle", recall.handle},
             {"bname", broker}},
            [done = std::move(done), what = "recall from topic " + recall.topic,
             broker](Result<Reply> reply) mutable {
              if (!reply) return done(Failure(std::move(reply).error()));
              if (reply->code() != remoting::response_code::success)
                return done(server_failure(what, broker, *reply));
              done(std::string(reply->field("msgId")));
            });
}

}  // namespace

// "v1 topic broker time id" in base64 for URLs.
Result<RecallPlace> RecallPlace::parse(std::string_view handle) {
  constexpr std::size_t words_count = 5;
  const auto plain = from_base64_url(handle);
  const auto words = split(plain ? std::string_view(*plain) : std::string_view(), ' ');
  const auto due_ms =
      words.size() == words_count ? parse_integer<std::int64_t>(words[3]) : std::nullopt;
  if (!due_ms || words[0] != "v1" || words[1].empty() || words[2].empty())
    return fail(Errc::invalid_argument, "\"" + std::string(handle) + "\" is no recall handle");
  return RecallPlace{.topic = std::string(words[1]),
                     .broker = std::string(words[2]),
                     .due_ms = *due_ms,
                     .id = std::string(words[4])};
}

void recall_message(const std::shared_ptr<Core>& core, Recall recall, OnRecalled done) {
  auto place = RecallPlace::parse(recall.handle);
  core->runtime().post([core, recall = std::move(recall), place = std::move(place),
                        done = std::move(done)]() mutable {
    if (!place) return done(Failure(std::move(place).error()));
    const std::string topic = recall.topic;
    core->route(topic,
                [weak = std::weak_ptr(core), recall = std::move(recall), broker = place->broker,
                 done = std::move(done)](const Result<RoutePtr>& route) mutable {
                  const auto self = weak.lock();
                  if (self == nullptr) return;
                  if (!route) return done(Failure(route.error()));
                  ask(*self, recall, broker, std::move(done));
                });
  });
}

}  // namespace bolide::client
