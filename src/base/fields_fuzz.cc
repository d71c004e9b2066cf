// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the field tables: a body that can be read is written and read again as the same value.
// Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "base/fields_ext.h"
#include "base/fields_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bolide {
namespace {

struct Queue {
  std::string broker;
  int id = 0;
  static constexpr auto fields = std::tuple{
      Field{"b", &Queue::broker},
      Field{"q", &Queue::id, Need::required},
  };
  auto operator<=>(const Queue&) const = default;
};

struct Body {
  std::map<std::int64_t, std::string> addresses;
  std::map<std::string, std::vector<double>> lists;
  std::optional<std::int64_t> epoch;
  std::map<Queue, bool> offsets;
  std::vector<Queue> queues;
  static constexpr auto fields = std::tuple{
      Field{"a", &Body::addresses}, Field{"l", &Body::lists},  Field{"e", &Body::epoch},
      Field{"o", &Body::offsets},   Field{"s", &Body::queues},
  };
  bool operator==(const Body&) const = default;
};

struct Header {
  std::string_view text;
  std::optional<std::int16_t> number;
  double ratio = 0;
  bool flag = false;
  static constexpr auto fields = std::tuple{
      Field{"t", &Header::text},
      Field{"n", &Header::number},
      Field{"r", &Header::ratio},
      Field{"f", &Header::flag},
  };
  bool operator==(const Header&) const = default;
};

void check_body(std::string_view text) {
  const Result<Body> body = from_json<Body>(text);
  if (!body) return;
  const Result<Body> compact = from_json<Body>(to_json(*body));
  BOLIDE_ASSERT(compact && *compact == *body);
  const Result<Body> pretty =
      from_json<Body>(to_json(*body, {.quoted_numbers = true, .pretty = true}));
  BOLIDE_ASSERT(pretty && *pretty == *body);
}

// The text is pairs, each a name of one letter, its value and a zero byte.
void check_header(std::string_view text) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    if (end > 0) pairs.emplace_back(text.substr(0, 1), text.substr(1, end - 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  Header header;
  if (!read_ext(pairs, header)) return;
  std::vector<std::pair<std::string, std::string>> written;
  write_ext(header, [&](std::string_view name, std::string_view value) {
    written.emplace_back(name, value);
  });
  Header again;
  BOLIDE_ASSERT(read_ext(written, again).has_value());
  BOLIDE_ASSERT(again == header);
}

}  // namespace
}  // namespace bolide

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  bolide::check_body(text);
  bolide::check_header(text);
  return 0;
}
