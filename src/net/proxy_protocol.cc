// SPDX-License-Identifier: Apache-2.0
//
// The PROXY protocol's header.
// Runs on: any agent.  Owns: nothing.  Invariant: see proxy_protocol.h.
#include "net/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace bolide::net {
namespace {

constexpr std::string_view v1_prefix = "PROXY ";
constexpr std::size_t v1_bytes_max = 107;
constexpr std::string_view v2_prefix("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t v2_fixed_bytes = 16;
constexpr std::size_t v2_bytes_max = 4096;  // with TLVs; the protocol allows more, nobody sends it
using State = ProxyHeader::State;

std::size_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::size_t u16_at(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) << 8U | byte_at(bytes, at + 1);
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

// `line`: between the prefix and the line's end: family, source, destination, source port, ...
ProxyHeader parse_v1_line(std::string_view line, std::size_t size) {
  ProxyHeader header{.state = State::complete, .size = size, .has_source = false, .source = {}};
  std::array<std::string_view, 5> words;
  std::size_t count = 0;
  for (; count < words.size() && !line.empty(); ++count) {
    words[count] = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), words[count].size() + 1));
  }
  if (count > 0 && words[0] == "UNKNOWN") return header;
  const bool v6 = words[0] == "TCP6";
  const std::string source(words[1]);
  header.source.size = v6 ? 16 : 4;
  header.has_source =
      count == words.size() && line.empty() && (v6 || words[0] == "TCP4") &&
      ::inet_pton(v6 ? AF_INET6 : AF_INET, source.c_str(), header.source.bytes) == 1 &&
      parse_port(words[3], header.source.port);
  if (!header.has_source) header.state = State::broken;
  return header;
}

ProxyHeader parse_v1(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, v1_bytes_max).find("\r\n");
  if (end != std::string_view::npos)
    return parse_v1_line(bytes.substr(v1_prefix.size(), end - v1_prefix.size()), end + 2);
  return {.state = bytes.size() < v1_bytes_max ? State::incomplete : State::broken};
}

ProxyHeader parse_v2(std::string_view bytes) {
  if (bytes.size() < v2_fixed_bytes) return {.state = State::incomplete};
  const std::size_t version = byte_at(bytes, 12) >> 4U;
  const std::size_t command = byte_at(bytes, 12) & 0x0FU;
  const std::size_t family = byte_at(bytes, 13);
  const std::size_t length = u16_at(bytes, 14);
  const std::size_t size = v2_fixed_bytes + length;
  if (version != 2 || command > 1 || size > v2_bytes_max) return {.state = State::broken};
  if (bytes.size() < size) return {.state = State::incomplete};
  ProxyHeader header{.state = State::complete, .size = size, .has_source = false, .source = {}};
  const bool v4 = family == 0x11;
  const bool v6 = family == 0x21;
  if (command == 0 || (!v4 && !v6)) return header;
  header.source.size = v4 ? 4 : 16;
  if (length < header.source.size * 2U + 4U) return {.state = State::broken};
  std::copy_n(bytes.data() + v2_fixed_bytes, header.source.size,
              reinterpret_cast<char*>(header.source.bytes));
  header.source.port =
      static_cast<std::uint16_t>(u16_at(bytes, v2_fixed_bytes + header.source.size * 2U));
  header.has_source = true;
  return header;
}

bool begins(std::string_view bytes, std::string_view prefix) {
  return bytes.substr(0, prefix.size()) == prefix.substr(0, bytes.size());
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  for (const auto& [prefix, parse] :
       {std::pair{v1_prefix, &parse_v1}, std::pair{v2_prefix, &parse_v2}}) {
    if (!begins(bytes, prefix)) continue;
    if (bytes.size() < prefix.size()) return {.state = State::incomplete};
    return parse(bytes);
  }
  return {};
}

}  // namespace bolide::net
