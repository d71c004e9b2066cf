// SPDX-License-Identifier: Apache-2.0
//
// Opening what compacted topics have kept, when the server starts and, where the disk failed then,
// later.
// Runs on: core agent; later tries on the background agent.  Owns: see compactor.h.
// Invariant: a file is neither given up nor replaced for an error of the disk that may pass.
#include "base/log.h"
#include "base/strings.h"
#include "broker/compaction/compaction.h"
#include "broker/compaction/compactor.h"

#include <utility>
#include <vector>

namespace bolide::broker {
namespace {

constexpr std::int64_t open_again_ms = 1'000;

}  // namespace

// A file that could not be opened yet.
struct Compactor::Unread {
  store::QueueNo queue = 0;
  std::uint64_t id = 0;
  std::string path;
  Result<KeptQueue::Ptr> kept = KeptQueue::Ptr();
};

void Compactor::open_all() {
  os::FileSystem& fs = *place_.fs;
  if (!fs.exists(place_.directory)) return;
  const auto topics = fs.list(place_.directory);
  if (!topics) {
    for (const auto& [name, topic] : parts_.topics.all())
      if (is_compacted(topic.config)) doubt(topic, topics.error());
    return;
  }
  for (const std::string& name : *topics) {
    const Topic* topic = parts_.topics.find(name);
    if (topic == nullptr || !is_compacted(topic->config)) {  // deleted just before a kill
      (void)fs.remove_all(place_.directory + "/" + name);
      continue;
    }
    open_topic(*topic);
  }
}

void Compactor::open_topic(const Topic& topic) {
  os::FileSystem& fs = *place_.fs;
  const std::string& name = topic.config.name;
  const auto files = fs.list(place_.directory + "/" + name);
  if (!files) return doubt(topic, files.error());
  for (const std::string& file : *files) {
    const auto id = parse_integer<std::int32_t>(file);
    if (!id || *id < 0) continue;  // an unfinished merge
    const store::QueueNo queue = parts_.store.queue(name, *id);
    auto kept = KeptQueue::open(fs, path_of(queue));
    if (kept)
      state_of(queue).kept = std::move(*kept);
    else
      doubt(queue, kept.error());
  }
}

// What a directory has that cannot be listed is asked for by name.
void Compactor::doubt(const Topic& topic, const Error& error) {
  for (const store::QueueNo queue : topic.queues) doubt(queue, error);
}

void Compactor::doubt(store::QueueNo queue, const Error& error) {
  BOLIDE_LOG(error, "{}: what was kept cannot be read now: {}", path_of(queue), error.message());
  state_of(queue).unread = true;
  any_unread_ = true;
}

void Compactor::tick(std::int64_t now_ms) {
  if (!any_unread_ || busy_ || now_ms < open_again_at_ms_) return;
  open_again_at_ms_ = now_ms + open_again_ms;
  auto all = std::make_shared<std::vector<Unread>>();
  for (const auto& [queue, state] : queues_)
    if (state.unread) all->push_back({.queue = queue, .id = state.id, .path = path_of(queue)});
  any_unread_ = !all->empty();
  if (!any_unread_) return;
  busy_ = true;
  parts_.background([this, all, fs = place_.fs]() -> std::move_only_function<void()> {
    for (Unread& one : *all) one.kept = KeptQueue::open(*fs, one.path);
    return [this, all] {
      busy_ = false;
      for (Unread& one : *all) opened_again(one);
    };
  });
}

void Compactor::opened_again(Unread& one) {
  Queue* state = find(one.queue, one.id);
  if (state == nullptr) return;  // its topic was deleted meanwhile
  const bool nothing = !one.kept && one.kept.error().code == Errc::not_found;
  if (!one.kept && !nothing) {
    BOLIDE_LOG(error, "{}: what was kept cannot be read yet: {}", one.path,
               one.kept.error().message());
    return;
  }
  state->unread = false;
  if (one.kept) state->kept = std::move(*one.kept);
}

}  // namespace bolide::broker
