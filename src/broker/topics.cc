// SPDX-License-Identifier: Apache-2.0
//
// The broker's topics.
// Runs on: core agent.  Owns: the topic table.  Invariant: see topics.h.
#include "broker/topics.h"

#include "base/log.h"
#include "store/multi_dispatch.h"

#include <algorithm>
#include <set>

namespace bolide::broker {
namespace {

constexpr std::size_t trims_min = 1024;
constexpr std::int32_t read_write = perm::read | perm::write;

// Stands for every light queue that is not there; no message can name it, so nothing is ever in it.
constexpr std::string_view absent_name = "%LMQ%/absent";

std::string not_found_text(std::string_view name) {
  return "topic[" + std::string(name) + "] not exist, apply first please!";
}

}  // namespace

Topics::Topics(TopicSettings settings, store::MessageStore& store, Metadata& metadata)
    : settings_(std::move(settings)),
      store_(store),
      metadata_(metadata),
      absent_(store.queue(absent_name, 0)) {
  count_lights();
}

void Topics::load(const std::vector<TopicConfig>& stored, const DataVersion& version) {
  for (const TopicConfig& config : stored) insert(config);
  version_ = version;
  const std::int32_t inherit = settings_.auto_create ? perm::inherit : 0;
  add_system_topic(auto_create_topic, settings_.default_queues, read_write | inherit);
  add_system_topic("SELF_TEST_TOPIC", 1, read_write);
  add_system_topic("BenchmarkTest", 1024, read_write);
  add_system_topic("OFFSET_MOVED_EVENT", 1, read_write);
  add_system_topic("SCHEDULE_TOPIC_XXXX", settings_.delay_levels, read_write);
  add_system_topic("rmq_sys_wheel_timer", 1, read_write);
  if (!settings_.trace_topic.empty()) add_system_topic(settings_.trace_topic, 1, read_write);
  add_system_topic("RMQ_SYS_TRANS_HALF_TOPIC", 1, read_write);
  add_system_topic("RMQ_SYS_TRANS_OP_HALF_TOPIC", 1, read_write);
  add_system_topic("TRANS_CHECK_MAX_TIME_TOPIC", 1, read_write);
  add_system_topic(settings_.cluster, 16, read_write | perm::inherit);
  add_system_topic(settings_.broker, 1, read_write | perm::inherit);
  add_system_topic(settings_.cluster + "_REPLY_TOPIC", 1, read_write);
}

void Topics::add_system_topic(std::string_view name, std::int32_t queues, std::int32_t permission) {
  if (Topic* found = const_cast<Topic*>(find(name)); found != nullptr) {
    // A restart with another setting takes effect; everything else a user changed stays.
    if (name == auto_create_topic) found->config.permission = permission;
    if (found->queue_count() < queues) {  // more delay levels, or a file that says less
      found->config.read_queues = std::max(found->config.read_queues, queues);
      found->config.write_queues = std::max(found->config.write_queues, queues);
      open_queues(*found);
    }
    return;
  }
  insert({.name = std::string(name),
          .read_queues = queues,
          .write_queues = queues,
          .permission = permission});
}

bool Topics::load_trims(const std::vector<TrimEntry>& stored) {
  const std::int64_t end = store_.stats().max_position;
  bool beyond = false;
  for (const TrimEntry& entry : stored) {
    beyond = beyond || entry.position > end;  // a loss of power took the end of the log
    trims_[entry.topic] = std::min(entry.position, end);
  }
  if (trims_.empty()) return false;
  for (store::QueueNo queue = 0; queue < store_.queue_count(); ++queue) {
    const auto found = trims_.find(store_.queue_name(queue).topic);
    if (found != trims_.end()) store_.trim_queue(queue, found->second);
  }
  count_lights();
  return beyond;
}

std::vector<TrimEntry> Topics::trims() const {
  std::vector<TrimEntry> kept;
  const std::int64_t min = store_.stats().min_position;
  for (const auto& [topic, position] : trims_) {
    if (position > min) kept.push_back({.topic = topic, .position = position});
  }
  return kept;
}

// All queues that the topic ever had, for those beyond its count would return when it grows.
void Topics::trim(std::string_view name, std::int64_t position) {
  note_trim(name, position);
  const std::int32_t last = std::min(store_.last_queue_id(name), queues_max - 1);
  for (std::int32_t id = 0; id <= last; ++id) {
    if (const auto queue = store_.find_queue(name, id)) store_.trim_queue(*queue, position);
  }
}

// What the log has dropped meanwhile is forgotten each time that there are twice as many.
void Topics::note_trim(std::string_view name, std::int64_t position) {
  trims_[std::string(name)] = position;
  if (trims_.size() <= trims_looked_at_) return;
  const std::int64_t min = store_.stats().min_position;
  std::erase_if(trims_, [min](const auto& item) { return item.second <= min; });
  trims_looked_at_ = std::max(2 * trims_.size(), trims_min);
}

const Topic* Topics::find(std::string_view name) const {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return &found->second;
  if (!store::is_light_queue(name)) return nullptr;
  return light(name, store_.find_queue(name, 0).value_or(absent_));
}

const Topic* Topics::light(std::string_view name, store::QueueNo queue) const {
  light_.config.name = name;
  light_.config.read_queues = light_.config.write_queues = 1;
  light_.queues.assign(1, queue);
  light_.direct_queues = 1;
  return &light_;
}

void Topics::count_light(store::QueueNo queue) {
  if (is_counted(queue)) return;
  if (counted_.size() <= queue) counted_.resize(queue + 1U);
  counted_[queue] = true;
  ++lights_;
}

void Topics::count_lights() {
  lights_ = 0;
  counted_.assign(store_.queue_count(), false);
  counted_at_ = store_.stats().min_position;
  for (store::QueueNo queue = 0; queue < store_.queue_count(); ++queue) {
    if (!store_.is_empty(queue) && store::is_light_queue(store_.queue_name(queue).topic))
      count_light(queue);
  }
}

// They are counted anew only where retention may have emptied some: it looks at them all.
bool Topics::have_room_for_lights(std::size_t more) {
  if (lights_ + more <= settings_.light_queues_max) return true;
  if (counted_at_ == store_.stats().min_position) return false;
  count_lights();
  return lights_ + more <= settings_.light_queues_max;
}

Result<std::vector<store::QueueNo>> Topics::make_lights(std::span<const std::string_view> names,
                                                        bool bounded) {
  std::vector<store::QueueNo> queues;
  std::set<std::string_view> more;
  for (const std::string_view name : names) {
    queues.push_back(store_.find_queue(name, 0).value_or(absent_));
    if (!is_counted(queues.back())) more.insert(name);
  }
  if (more.empty()) return queues;
  if (bounded && !have_room_for_lights(more.size())) {
    return fail(Errc::quota_exceeded,
                "[LMQ_CONSUME_QUEUE_NUM_EXCEEDED]lmq consume queue num exceeded: " +
                    std::to_string(lights_) + " (broker.light_queues_max)");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t before = store_.queue_count();
    queues[i] = store_.queue(names[i], 0);
    count_light(queues[i]);
    if (store_.queue_count() > before && light_made_) light_made_(names[i], queues[i]);
  }
  return queues;
}

Result<const Topic*> Topics::existing(std::string_view name) {
  const Topic* found = find(name);
  if (found == nullptr) return fail(Errc::topic_not_found, not_found_text(name));
  if (found != &light_) return found;
  BOLIDE_TRY(const auto queues, make_lights({&name, 1}, false));
  return light(name, queues.front());
}

Topic& Topics::insert(TopicConfig config) {
  Topic& topic = topics_[config.name];
  topic.config = std::move(config);
  const auto window = topic.config.attributes.find(dedupe_window_attribute);
  topic.dedupe_window_ms = window == topic.config.attributes.end()
                               ? 0
                               : parse_integer<std::int64_t>(window->second).value_or(0);
  open_queues(topic);
  return topic;
}

void Topics::open_queues(Topic& topic) {
  // The counts may be anything: groups bring their own, files of another program are read too.
  for (std::int32_t* count : {&topic.config.read_queues, &topic.config.write_queues}) {
    *count = std::clamp(*count, 0, queues_max);
  }
  const std::int32_t wanted = std::max(topic.config.read_queues, topic.config.write_queues);
  for (std::int32_t id = topic.queue_count(); id < wanted; ++id) {
    topic.queues.push_back(store_.queue(topic.config.name, id));
  }
  // Queues beyond the new count stay known to the store: their messages return if the topic grows.
  topic.queues.resize(static_cast<std::size_t>(wanted));
  topic.direct_queues = topic.mapping == nullptr ? topic.queue_count() : 0;
}

void Topics::set_mapping(Topic& topic, TopicMapping mapping) {
  if (topic.mapping == nullptr) ++static_count_;
  topic.mapping = std::make_shared<const TopicMapping>(std::move(mapping));
  topic.direct_queues = 0;
}

void Topics::load_mappings(const std::vector<TopicMapping>& stored) {
  for (const TopicMapping& mapping : stored) {
    const auto found = topics_.find(mapping.topic);
    if (found == topics_.end()) continue;
    auto sound = merge_mapping(nullptr, mapping, false);
    if (!sound) {
      // Without queues: what is asked of them is refused, and nothing goes where nobody looks.
      BOLIDE_LOG(error, "the mapping of the static topic {} is not used: {}", mapping.topic,
                 sound.error().message());
      sound = mapping;
      sound->queues.clear();
    }
    set_mapping(found->second, std::move(*sound));
  }
}

std::vector<TopicMapping> Topics::mappings() const {
  std::vector<TopicMapping> list;
  if (!any_static()) return list;
  for (const auto& [name, topic] : topics_) {
    if (topic.mapping != nullptr) list.push_back(*topic.mapping);
  }
  std::ranges::sort(list, {}, &TopicMapping::topic);
  return list;
}

Result<const Topic*> Topics::save(TopicConfig config, WallMs now_ms) {
  DataVersion version = version_;
  version.next(now_ms);
  metadata_.save_topic(config, version);
  BOLIDE_CHECK(metadata_.flush());
  version_ = version;
  const Topic& saved = insert(std::move(config));
  if (announce_) announce_(&saved.config);
  return &saved;
}

Result<const Topic*> Topics::find_or_create(std::string_view name, std::string_view default_topic,
                                            std::int32_t queues, WallMs now_ms,
                                            std::int32_t sys_flag) {
  if (const Topic* found = find(name); found != nullptr) {
    if (found != &light_) return found;
    BOLIDE_TRY(const auto made, make_lights({&name, 1}, true));
    return light(name, made.front());
  }
  BOLIDE_CHECK(validate_topic_name(name));
  const Topic* model = find(default_topic);
  if (!settings_.auto_create || model == nullptr ||
      (model->config.permission & perm::inherit) == 0 || name.starts_with(retry_prefix)) {
    return fail(Errc::topic_not_found, not_found_text(name));
  }
  const std::int32_t count = std::clamp(queues, 1, std::max(1, model->config.write_queues));
  return save({.name = std::string(name),
               .read_queues = count,
               .write_queues = count,
               .permission = model->config.permission & ~perm::inherit,
               .sys_flag = sys_flag},
              now_ms);
}

Result<const Topic*> Topics::own(std::string_view name, std::int32_t queues, WallMs now_ms,
                                 std::int32_t sys_flag) {
  if (const Topic* found = find(name); found != nullptr) return found;
  return save({.name = std::string(name),
               .read_queues = queues,
               .write_queues = queues,
               .sys_flag = sys_flag},
              now_ms);
}

Result<> Topics::check_name(std::string_view name) const {
  BOLIDE_CHECK(validate_topic_name(name));
  if (!is_system_topic(name)) return {};
  return fail(Errc::topic_not_valid,
              "The topic[" + std::string(name) + "] is conflict with system topic.");
}

Result<> Topics::put(TopicConfig config, std::string_view attribute_changes, WallMs now_ms) {
  BOLIDE_CHECK(check_name(config.name));
  if (store::is_light_queue(config.name)) return {};  // it is there without
  for (std::int32_t queues : {config.read_queues, config.write_queues}) {
    if (queues < 1 || queues > queues_max) {
      return fail(Errc::invalid_argument, "queue numbers of " + config.name + " must be 1 to " +
                                              std::to_string(queues_max));
    }
  }
  const Topic* known = find(config.name);
  config.attributes =
      known == nullptr ? std::map<std::string, std::string>{} : known->config.attributes;
  BOLIDE_CHECK(apply_attributes(attribute_changes, known == nullptr, &config.attributes));
  if (known != nullptr && known->config == config) return {};
  BOLIDE_CHECK(save(std::move(config), now_ms));
  return {};
}

Result<> Topics::put_static(TopicConfig config, TopicMapping mapping, bool force, WallMs now_ms) {
  BOLIDE_CHECK(check_name(config.name));
  if (store::is_light_queue(config.name))
    return fail(Errc::topic_not_valid, "a light queue cannot be a static topic");
  for (const std::int32_t queues : {config.read_queues, config.write_queues}) {
    if (queues >= 0 && queues <= queues_max) continue;  // none: all lie on other brokers
    return fail(Errc::invalid_argument,
                "queue numbers of " + config.name + " must be 0 to " + std::to_string(queues_max));
  }
  if (mapping.broker != settings_.broker || mapping.topic != config.name) {
    return fail(Errc::malformed, "the mapping is of topic " + mapping.topic + " on broker " +
                                     mapping.broker + ", and this is " + settings_.broker);
  }
  const Topic* known = find(config.name);
  if (known != nullptr) config.attributes = known->config.attributes;
  BOLIDE_TRY(mapping, merge_mapping(known == nullptr ? nullptr : known->mapping.get(),
                                    std::move(mapping), force));
  DataVersion version = version_;
  version.next(now_ms);
  metadata_.save_topic(config, version);
  metadata_.save_mapping(mapping);
  BOLIDE_CHECK(metadata_.flush());
  version_ = version;
  Topic& topic = insert(std::move(config));
  set_mapping(topic, std::move(mapping));
  if (announce_) announce_(&topic.config);
  return {};
}

Result<> Topics::erase_light(std::string_view name, store::QueueNo queue) {
  const std::int64_t end = store_.stats().max_position;
  metadata_.erase_topic(name, end, version_);
  BOLIDE_CHECK(metadata_.flush());
  note_trim(name, end);
  store_.trim_queue(queue, end);
  if (is_counted(queue)) {
    counted_[queue] = false;
    --lights_;
  }
  return {};
}

Result<> Topics::erase(std::string_view name, WallMs now_ms) {
  if (is_system_topic(name)) {
    return fail(Errc::topic_not_valid,
                "The topic[" + std::string(name) + "] is conflict with system topic.");
  }
  const auto found = topics_.find(name);
  if (found == topics_.end()) {
    const auto light = store::is_light_queue(name) ? store_.find_queue(name, 0) : std::nullopt;
    if (!light) return fail(Errc::topic_not_found, not_found_text(name));
    return erase_light(name, *light);
  }
  DataVersion version = version_;
  version.next(now_ms);
  const std::int64_t end = store_.stats().max_position;
  metadata_.erase_topic(name, end, version);
  const bool is_static = found->second.mapping != nullptr;
  BOLIDE_CHECK(metadata_.flush());
  version_ = version;
  if (is_static) --static_count_;
  trim(name, end);
  topics_.erase(found);
  if (announce_) announce_(nullptr);
  return {};
}

}  // namespace bolide::broker
