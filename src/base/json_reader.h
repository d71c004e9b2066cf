// SPDX-License-Identifier: Apache-2.0
//
// JsonReader: a pull reader of JSON as RocketMQ's peers write it (fastjson's dialect; rocketmq
// wire 1.2, 2.8). Runs on: any agent.  Owns: memory for strings that had escapes, unless the caller
// lends it. Invariant: never reads outside the text; the first failure sticks, and from then on
// every read yields zeros or empty views: a decoder reads all it wants and asks finish() once.
//
// Read besides standard JSON: names and strings in single quotes, names without quotes ({0:"x"}),
// whole objects as names, a comma before a closing bracket, whatever follows the outermost value.
// Values are converted as fastjson does: numbers from strings, fractions cut off, null as absent.
//
//   JsonReader in(text);
//   in.object([&](JsonKey key) {
//     if (key == "topic") topic = in.text();
//     else if (key == "queueId") queue = in.integer<int>();  // members that are not read are
//     skipped
//   });
//   BOLIDE_CHECK(in.finish());
#pragma once

#include "base/result.h"
#include "base/strings.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace bolide {

// What stands next in the text. `none`: the end, or a character that begins no value.
enum class JsonKind : std::uint8_t { none, object, array, string, number, boolean, null };

// The name of a member. When `object` is set the name was itself an object, and `text` is its JSON,
// to be read with a JsonReader of its own; else `text` is the name without quotes and escapes. The
// view lives as the views of JsonReader::text() do.
struct JsonKey {
  std::string_view text;
  bool object = false;

  // The name as a number, for maps keyed by numbers; nothing if it is none or out of range.
  template <std::integral Integer>
  std::optional<Integer> integer() const {
    return object ? std::nullopt : parse_integer<Integer>(text);
  }
  friend bool operator==(const JsonKey& key, std::string_view name) {
    return !key.object && key.text == name;
  }
};

// `scratch`: where strings with escapes are written; it grows to the size of the text at the first
// of them, and must not be touched while their views are used. Lend one that is kept, and reading
// allocates nothing. Null: memory of the reader's own.
struct JsonLimits {
  std::string* scratch = nullptr;
  int depth_max = 64;
};

class JsonReader {
 public:
  // `text` must outlive the reader and the views it returns.
  explicit JsonReader(std::string_view text, JsonLimits limits = {})
      : begin_(text.data()),
        at_(begin_),
        end_(begin_ + text.size()),
        scratch_(limits.scratch),
        depth_left_(limits.depth_max) {}
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // Calls on_member(JsonKey) for each member; a value that it does not read is skipped. Of members
  // with one name all are reported, so that the last wins in a plain assignment. null has no
  // members.
  template <class OnMember>
  void object(OnMember&& on_member) {
    if (!enter('{')) return;
    JsonKey key;
    for (bool more = first_key(key); more; more = next_key(key)) {
      const char* before = at_;
      on_member(static_cast<const JsonKey&>(key));
      if (at_ == before) skip();
    }
  }

  // Calls on_element() for each element; one that it does not read is skipped. null has no
  // elements.
  template <class OnElement>
  void array(OnElement&& on_element) {
    if (!enter('[')) return;
    for (bool more = first_element(); more; more = next_element()) {
      const char* before = at_;
      on_element();
      if (at_ == before) skip();
    }
  }

  // A string without its escapes; null is empty; of anything else the JSON text. Lone halves of
  // surrogate pairs become '?', as in Java; bytes that are not UTF-8 pass unchanged. The view
  // points into the text or the scratch memory and lives as long as both.
  std::string_view text();

  // A whole number: from a number (fraction cut off), a string of one, true and false; null and ""
  // are 0. Anything else, and a number outside the type, is a failure.
  template <std::integral Integer>
  Integer integer() {
    static_assert(sizeof(Integer) < 8 || std::is_signed_v<Integer>);
    using Limits = std::numeric_limits<Integer>;
    return static_cast<Integer>(integer_between(Limits::min(), Limits::max()));
  }

  // A number, from a number or a string of one; null and "" are 0.
  double real();

  // true, false, a number other than 0, or a string of these ("TRUE", "1", "Y"); null and "" are
  // false.
  bool boolean();

  // Passes over null and says true; else moves nothing and says false.
  bool null();

  // The JSON text of the next value, whatever it is, without space around it. A view into the text.
  std::string_view raw();

  // Passes over the next value.
  void skip();

  // The kind of the next value by its first character; the value stays unread and may yet be
  // malformed.
  JsonKind peek();

  // Makes the reader fail with a cause of the caller's, at the last member or the one that is
  // named. The views are kept: literals.
  void fail(std::string_view cause);
  void fail(std::string_view cause, std::string_view member);

  bool failed() const { return failed_; }
  // Bytes read so far; after a failure, where it was met.
  std::size_t offset() const {
    return failed_ ? failed_at_ : static_cast<std::size_t>(at_ - begin_);
  }
  // The failure, if there was one (Errc::malformed), with offset, name of the last member and
  // cause.
  Result<> finish() const;

 private:
  bool enter(char open);
  bool leave();
  bool first_key(JsonKey& key);
  bool next_key(JsonKey& key);
  bool read_key(JsonKey& key);
  bool first_element();
  bool next_element();
  void skip_space();
  void skip_string();
  bool literal(std::string_view word);
  std::string_view string();
  std::string_view string_with_escapes(const char* start, const char* stop, char quote);
  bool escape(char*& out);
  bool unicode_escape(char*& out);
  bool hex4(unsigned& code);
  char* scratch();
  std::string_view number();
  std::string_view scalar();
  std::int64_t integer_between(std::int64_t min, std::int64_t max);

  const char* begin_;
  const char* at_;
  const char* end_;
  std::string* scratch_;
  std::size_t scratch_used_ = 0;
  int depth_left_;
  bool failed_ = false;
  std::size_t failed_at_ = 0;
  std::string_view cause_;
  std::string_view member_;
  std::string own_scratch_;
};

}  // namespace bolide
