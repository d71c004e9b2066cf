// SPDX-License-Identifier: Apache-2.0
//
// The header of a remoting command.
// Runs on: io agent.  Owns: nothing.  Invariant: see header.h.
#include "protocols/remoting/wire/header.h"

#include "base/cursor.h"
#include "base/json_reader.h"

#include <array>
#include <cstring>

namespace bolide::remoting {
namespace {

// wire 1.6
constexpr std::array<std::string_view, 14> languages = {
    "JAVA",  "CPP",  "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY",
    "OTHER", "HTTP", "GO",     "PHP",    "OMS",    "RUST",   "NODE_JS"};
constexpr std::uint8_t language_cpp = 1;

// POP codes do not fit the binary header's 16 bits; peers that truncate them mean these (wire 1.3).
std::int32_t widen_code(std::int16_t code) {
  if (code >= 3442 && code <= 3448) return 200050 + (code - 3442);
  if (code == 3543) return 200151;
  return code;
}

Result<> decode_json(std::string_view text, std::string* scratch, Header* header) {
  JsonReader in(text, {.scratch = scratch, .depth_max = 8});
  in.object([&](JsonKey key) {
    if (key == "code")
      header->code = in.integer<std::int32_t>();
    else if (key == "opaque")
      header->opaque = in.integer<std::int32_t>();
    else if (key == "flag")
      header->flag = in.integer<std::int32_t>();
    else if (key == "version")
      header->version = in.integer<std::int32_t>();
    else if (key == "language")
      header->language = in.text();
    else if (key == "remark")
      header->remark = in.text();
    else if (key == "extFields") {
      in.object([&](JsonKey name) { header->fields.emplace_back(name.text, in.text()); });
    }
  });
  return in.finish();
}

Result<> decode_binary(std::string_view bytes, Header* header) {
  ByteReader in(bytes);
  header->code = widen_code(in.i16());
  const std::uint8_t language = in.u8();
  header->language = language < languages.size() ? languages[language] : "OTHER";
  header->version = in.i16();
  header->opaque = in.i32();
  header->flag = in.i32();
  header->remark = in.bytes(in.u32());
  ByteReader fields(in.bytes(in.u32()));
  while (fields.remaining() > 0 && !fields.failed()) {
    const std::string_view name = fields.bytes(fields.u16());
    const std::string_view value = fields.bytes(fields.u32());
    if (!name.empty() && !value.empty()) header->fields.emplace_back(name, value);
  }
  if (in.failed() || fields.failed()) return fail(Errc::malformed, "binary header");
  return {};
}

// Appends to memory known to be large enough.
class Out {
 public:
  explicit Out(char* at) : begin_(at), at_(at) {}
  void text(std::string_view s) {
    if (s.empty()) return;  // an empty view may have no address, which memcpy must not get
    std::memcpy(at_, s.data(), s.size());
    at_ += s.size();
  }
  void number(std::int64_t n) { text(DecimalText(n).view()); }
  template <class Integer>
  void big(Integer n) {
    store_big(at_, n);
    at_ += sizeof n;
  }
  void quoted(std::string_view s) {
    *at_++ = '"';
    for (char c : s) escape(c);
    *at_++ = '"';
  }
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  char* position() const { return at_; }

 private:
  void escape(char c) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && c != '"' && c != '\\') {
      *at_++ = c;
      return;
    }
    if (c == '"' || c == '\\') {
      *at_++ = '\\';
      *at_++ = c;
      return;
    }
    text("\\u00");
    *at_++ = "0123456789ABCDEF"[u >> 4];
    *at_++ = "0123456789ABCDEF"[u & 15];
  }

  char* begin_;
  char* at_;
};

void encode_json(const HeaderOut& out, Out* to) {
  to->text(R"({"code":)");
  to->number(out.code);
  if (!out.fields.empty()) {
    to->text(R"(,"extFields":{)");
    bool first = true;
    for (const auto& [name, value] : out.fields) {
      if (!first) to->text(",");
      first = false;
      to->quoted(name);
      to->text(":");
      to->quoted(value);
    }
    to->text("}");
  }
  to->text(R"(,"flag":)");
  to->number(out.flag);
  to->text(R"(,"language":"CPP","opaque":)");
  to->number(out.opaque);
  if (!out.remark.empty()) {
    to->text(R"(,"remark":)");
    to->quoted(out.remark);
  }
  to->text(R"(,"serializeTypeCurrentRPC":"JSON","version":)");
  to->number(protocol_version);
  to->text("}");
}

// Whether all went in.
bool encode_binary(const HeaderOut& out, Out* to) {
  to->big(static_cast<std::int16_t>(out.code));
  to->big(language_cpp);
  to->big(static_cast<std::int16_t>(protocol_version));
  to->big(out.opaque);
  to->big(out.flag);
  to->big(static_cast<std::uint32_t>(out.remark.size()));
  to->text(out.remark);
  char* size_at = to->position();
  to->big(std::uint32_t{0});
  const char* fields_at = to->position();
  for (const auto& [name, value] : out.fields) {
    if (value.empty()) continue;
    if (name.size() > UINT16_MAX) return false;
    to->big(static_cast<std::uint16_t>(name.size()));
    to->text(name);
    to->big(static_cast<std::uint32_t>(value.size()));
    to->text(value);
  }
  store_big(size_at, static_cast<std::uint32_t>(to->position() - fields_at));
  return true;
}

}  // namespace

Result<> decode_header(const Frame& frame, std::string* scratch, Header* header) {
  header->code = header->version = header->opaque = header->flag = 0;
  header->language = "JAVA";
  header->remark = {};
  header->fields.clear();
  return frame.serialization == Serialization::json ? decode_json(frame.header, scratch, header)
                                                    : decode_binary(frame.header, header);
}

std::size_t header_bytes_max(const HeaderOut& out) {
  constexpr std::size_t escaped = 6;  // \u00XX for one byte
  std::size_t size = 192 + out.remark.size() * escaped;
  for (const auto& [name, value] : out.fields) size += 8 + (name.size() + value.size()) * escaped;
  return size;
}

std::size_t encode_header(const HeaderOut& out, Serialization serialization, std::size_t body_bytes,
                          char* at) {
  Out to(at + frame_prefix_bytes);
  if (serialization == Serialization::json)
    encode_json(out, &to);
  else if (!encode_binary(out, &to))
    return 0;
  if (to.size() > header_length_max) return 0;
  write_frame_prefix(at, serialization, to.size(), body_bytes);
  return frame_prefix_bytes + to.size();
}

}  // namespace bolide::remoting
