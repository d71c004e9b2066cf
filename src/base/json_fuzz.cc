// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes JsonReader and JsonWriter: whatever can be read is written, read again and written again,
// and both written texts must be the same. Every conversion is tried on every value besides. Runs
// on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <cstddef>
#include <cstdint>

namespace bolide {
namespace {

void copy_value(JsonReader& in, JsonWriter& out);

void copy_members(JsonReader& in, JsonWriter& out) {
  in.object([&](const JsonKey& key) {
    if (key.object) {
      JsonReader inner(key.text);
      out.begin_object_key();
      copy_members(inner, out);
      out.end_object_key();
      BOLIDE_ASSERT(!inner.failed() || inner.offset() <= key.text.size());
      // What skip() let pass inside the name may still be a string that text() refuses.
      if (inner.failed()) return in.fail("the name cannot be read");
    } else if (const auto number = key.integer<std::int64_t>()) {
      out.key(*number);
    } else {
      out.key(key.text);
    }
    copy_value(in, out);
  });
}

void copy_value(JsonReader& in, JsonWriter& out) {
  switch (in.peek()) {
    case JsonKind::object:
      out.begin_object();
      copy_members(in, out);
      out.end_object();
      return;
    case JsonKind::array:
      out.begin_array();
      in.array([&] { copy_value(in, out); });
      out.end_array();
      return;
    case JsonKind::string:
      return out.value(in.text());
    case JsonKind::number:
      return out.raw(in.text());
    case JsonKind::boolean:
      return out.value(in.boolean());
    case JsonKind::null:
      return in.null() ? out.null() : in.skip();
    case JsonKind::none:
      return in.skip();
  }
}

bool copy(std::string_view text, std::string& out, JsonStyle style) {
  JsonReader in(text);
  JsonWriter writer(out, style);
  copy_value(in, writer);
  BOLIDE_ASSERT(in.offset() <= text.size());
  BOLIDE_ASSERT(in.failed() != in.finish().has_value());
  return !in.failed();
}

// Reads the text as what it may well not be.
template <class Read>
void walk(std::string_view text, Read&& read) {
  JsonReader in(text, {.depth_max = 8});
  in.object([&](const JsonKey& key) {
    key.integer<std::int16_t>();
    in.array([&] { read(in); });
  });
  JsonReader flat(text);
  flat.object([&](const JsonKey&) { read(flat); });
  JsonReader top(text);
  read(top);
}

}  // namespace
}  // namespace bolide

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  // A copy of its own size, so that one byte read beyond it is found.
  const std::string text(reinterpret_cast<const char*>(data), size);
  walk(text, [](JsonReader& in) { in.integer<std::int32_t>(); });
  walk(text, [](JsonReader& in) { in.real(); });
  walk(text, [](JsonReader& in) { in.boolean(); });
  walk(text, [](JsonReader& in) { in.raw(); });
  walk(text, [](JsonReader& in) { in.text(); });

  std::string first, second, third;
  const bool pretty = size % 2 == 1;
  if (!copy(text, first, {.pretty = pretty})) return 0;
  BOLIDE_ASSERT(copy(first, second, {.pretty = pretty}));
  BOLIDE_ASSERT(first == second);
  BOLIDE_ASSERT(copy(second, third, {.pretty = !pretty}));
  return 0;
}
