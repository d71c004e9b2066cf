// SPDX-License-Identifier: Apache-2.0
//
// The offsets of a broadcasting consumer.
// Runs on: any thread.  Owns: nothing.  Invariant: see offset_file.h.
#include "client/offset_file.h"

#include "base/fields_json.h"
#include "client/bodies.h"

#include <cstdlib>

namespace bolide::client {
namespace {

struct OffsetsBody {
  std::map<QueueKey, std::int64_t> offsets;
  static constexpr auto fields = std::tuple{Field{"offsetTable", &OffsetsBody::offsets}};
};

std::string default_directory() {
  const char* const home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.rocketmq_offsets";
}

}  // namespace

OffsetFile::OffsetFile(os::FileSystem& fs, const std::string& directory,
                       const std::string& client_id, const std::string& group)
    : fs_(fs),
      folder_((directory.empty() ? default_directory() : directory) + "/" + client_id + "/" +
              group) {}

Result<Offsets> OffsetFile::load() const {
  const std::string path = folder_ + "/offsets.json";
  Offsets offsets;
  if (!fs_.exists(path)) return offsets;
  BOLIDE_TRY(const std::string text, os::read_file(fs_, path));
  auto body = from_json<OffsetsBody>(text);
  if (!body) return Failure(std::move(body.error()).in(path));
  for (const auto& [key, offset] : body->offsets)
    offsets[{key.topic, key.broker, key.queue}] = offset;
  return offsets;
}

Result<> OffsetFile::save(const Offsets& offsets) const {
  OffsetsBody body;
  for (const auto& [queue, offset] : offsets)
    body.offsets[{.broker = queue.broker, .queue = queue.queue, .topic = queue.topic}] = offset;
  BOLIDE_CHECK(fs_.make_directories(folder_));
  return os::replace_file(fs_, folder_ + "/offsets.json", to_json(body));
}

}  // namespace bolide::client
