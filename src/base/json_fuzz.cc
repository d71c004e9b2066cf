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
    case JsonKind::string: return out.value(in.text());
    case JsonKind::number: return out.raw(in.text());
    case JsonKind::boolean: return out.value(in.boolean());
    case JsonKind::null: return in.null() ? out.null() : in.skip();
    case JsonKind::none: return in.skip();
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

// All that a text says, in a form that has no syntax to get wrong: two texts of one trace say the
// same.
void trace_value(JsonReader& in, std::string& trace);

void trace_piece(std::string& trace, char kind, std::string_view text) {
  trace += kind;
  trace.append(std::to_string(text.size())).append(":").append(text);
}

void trace_members(JsonReader& in, std::string& trace) {
  trace += '{';
  in.object([&](const JsonKey& key) {
    if (key.object) {
      JsonReader inner(key.text);
      trace_members(inner, trace);
    } else if (const auto number = key.integer<std::int64_t>()) {
      trace_piece(trace, 'k', std::to_string(*number));
    } else {
      trace_piece(trace, 'k', key.text);
    }
    trace_value(in, trace);
  });
  trace += '}';
}

void trace_value(JsonReader& in, std::string& trace) {
  switch (const JsonKind kind = in.peek()) {
    case JsonKind::object: return trace_members(in, trace);
    case JsonKind::array:
      trace += '[';
      in.array([&] { trace_value(in, trace); });
      trace += ']';
      return;
    default: return trace_piece(trace, kind == JsonKind::string ? 's' : 'v', in.text());
  }
}

std::string trace_of(std::string_view text) {
  JsonReader in(text);
  std::string trace;
  trace_value(in, trace);
  BOLIDE_ASSERT(!in.failed());
  return trace;
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

  std::string compact, pretty;
  if (!copy(text, compact, {})) return 0;
  const std::string said = trace_of(text);
  BOLIDE_ASSERT(trace_of(compact) == said);
  BOLIDE_ASSERT(copy(compact, pretty, {.quoted_numbers = true, .pretty = true}));
  BOLIDE_ASSERT(trace_of(pretty) == said);
  return 0;
}
