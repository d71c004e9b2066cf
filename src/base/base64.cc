// SPDX-License-Identifier: Apache-2.0
//
// Base64.
// Runs on: any agent.  Owns: constant data.  Invariant: none.
#include "base/base64.h"

#include <cstdint>

namespace bolide {
namespace {

constexpr std::string_view plain_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view digits) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t size = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits <<= 8;
      if (i < size) bits |= static_cast<unsigned char>(bytes[at + i]);
    }
    for (std::size_t i = 0; i < 4; ++i)
      out += i <= size ? digits[(bits >> (18 - 6 * i)) & 63] : '=';
  }
  return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
  return encode(bytes, plain_digits);
}

std::string base64_url(std::string_view bytes) {
  return encode(bytes, url_digits);
}

namespace {

std::optional<std::string> decode(std::string_view text, std::string_view digits) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char digit : text) {
    const std::size_t value = digits.find(digit);
    if (value == digits.npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 255);
  }
  if (held == 6 || (bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::string> from_base64(std::string_view text) {
  return decode(text, plain_digits);
}

std::optional<std::string> from_base64_url(std::string_view text) {
  return decode(text, url_digits);
}

}  // namespace bolide
