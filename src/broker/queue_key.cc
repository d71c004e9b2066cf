// SPDX-License-Identifier: Apache-2.0
//
// The name of a queue in a journal.
// Runs on: any agent.  Owns: nothing.  Invariant: see queue_key.h.
#include "broker/queue_key.h"

#include "base/strings.h"

namespace bolide::broker {

std::string queue_key(std::string_view topic, std::string_view group, std::int32_t queue_id) {
  std::string key = std::to_string(queue_id);
  key += '/';
  key += topic;
  key += group.find('@') == group.npos ? '@' : '/';
  key += group;
  return key;
}

std::optional<QueueKey> parse_queue_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == key.npos) return std::nullopt;
  const std::string_view names = key.substr(slash + 1);
  std::size_t mark = names.find('/');
  if (mark == names.npos) mark = names.rfind('@');
  const auto queue_id = parse_integer<std::int32_t>(key.substr(0, slash));
  if (mark == names.npos || !queue_id) return std::nullopt;
  return QueueKey{
      .queue_id = *queue_id, .topic = names.substr(0, mark), .group = names.substr(mark + 1)};
}

void set_group_key(std::string_view topic, std::string_view group, std::string* key) {
  key->assign(topic);
  *key += '/';
  *key += group;
}

}  // namespace bolide::broker
