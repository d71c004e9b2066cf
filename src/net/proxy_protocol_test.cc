// SPDX-License-Identifier: Apache-2.0
//
// Tests of the PROXY protocol's header, alone and in front of a connection.
// Runs on: the test's thread and an agent.  Owns: nothing.  Invariant: -
#include "net/proxy_protocol.h"

#include "net/test_server.h"

#include <gtest/gtest.h>

namespace bolide::net {
namespace {

using State = ProxyHeader::State;
using std::string_literals::operator""s;

const std::string v2_signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v2_v4 = v2_signature + "\x21\x11\x00\x0F"s + "\x0A\x00\x00\x07"s +
                          "\x7F\x00\x00\x01"s + "\x1F\x90\x2A\x9F"s + "tlv"s;

TEST(ProxyHeader, names_the_source_in_both_versions_and_families) {
  const std::string v2_v6 = v2_signature + "\x21\x21\x00\x24"s + std::string(15, '\0') + "\x01"s +
                            std::string(16, '\2') + "\x00\x50\x00\x51"s;
  struct Case {
    std::string bytes;
    const char* source;
  };
  for (const Case& known : {Case{"PROXY TCP4 10.0.0.7 127.0.0.1 8080 10911\r\n", "10.0.0.7:8080"},
                            Case{"PROXY TCP6 ::1 ::2 80 81\r\n", "[::1]:80"},
                            Case{v2_v4, "10.0.0.7:8080"}, Case{v2_v6, "[::1]:80"}}) {
    const ProxyHeader header = parse_proxy_header(known.bytes + "payload");
    ASSERT_EQ(header.state, State::complete) << known.source;
    EXPECT_EQ(header.size, known.bytes.size());
    ASSERT_TRUE(header.has_source);
    EXPECT_EQ(header.source.text(), known.source);
    for (std::size_t size = 1; size < known.bytes.size(); ++size)
      EXPECT_EQ(parse_proxy_header(known.bytes.substr(0, size)).state, State::incomplete) << size;
  }
}

TEST(ProxyHeader, has_no_source_for_local_and_unknown) {
  for (const std::string& bytes : {"PROXY UNKNOWN\r\n"s, v2_signature + "\x20\x00\x00\x00"s,
                                   v2_signature + "\x21\x31\x00\x02xx"s}) {
    const ProxyHeader header = parse_proxy_header(bytes);
    EXPECT_EQ(header.state, State::complete);
    EXPECT_EQ(header.size, bytes.size());
    EXPECT_FALSE(header.has_source);
  }
}

TEST(ProxyHeader, is_absent_in_front_of_other_bytes) {
  for (const std::string& bytes : {"\0\0\1\0"s, "PRO!"s, "\r\nQ"s, "\x16\x03"s})
    EXPECT_EQ(parse_proxy_header(bytes).state, State::absent);
}

TEST(ProxyHeader, is_refused_when_broken) {
  for (const std::string& bytes :
       {"PROXY TCP4 10.0.0.7 127.0.0.1 8080\r\n"s, "PROXY TCP4 ::1 ::1 1 2\r\n"s,
        "PROXY TCP9 1.1.1.1 1.1.1.1 1 2\r\n"s, "PROXY \r\n"s,
        "PROXY TCP4 1.1.1.1 1.1.1.1 70000 2\r\n"s, "PROXY TCP4 1.1.1.1 1.1.1.1 1 2 3\r\n"s,
        "PROXY " + std::string(200, 'x'), v2_signature + "\x11\x11\x00\x00"s,
        v2_signature + "\x22\x11\x00\x00"s, v2_signature + "\x21\x11\x00\x04"s + "abcd",
        v2_signature + "\x21\x11\xFF\xFF"s})
    EXPECT_EQ(parse_proxy_header(bytes).state, State::broken) << bytes;
}

std::string peer_behind(const std::string& preface) {
  test::TestServer server;
  std::promise<std::string> peer;
  const std::uint16_t port = server.listen({.proxy_protocol = true}, [&](Connection& connection) {
    peer.set_value(connection.peer().text());
    return std::make_unique<test::EchoSession>(connection, server.counters);
  });
  const test::Client client(port);
  for (const char byte : preface + test::frame("hello")) EXPECT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(client.receive(9), test::frame("hello"));
  return peer.get_future().get();
}

TEST(ProxyHeader, becomes_the_peer_of_a_connection) {
  EXPECT_EQ(peer_behind(v2_v4), "10.0.0.7:8080");
  EXPECT_EQ(peer_behind("PROXY TCP4 10.1.1.1 127.0.0.1 7 10911\r\n"), "10.1.1.1:7");
  EXPECT_TRUE(peer_behind("").starts_with("127.0.0.1:"));
}

TEST(ProxyHeader, closes_a_connection_when_broken) {
  test::TestServer server;
  const test::Client client(server.echo({.proxy_protocol = true}));
  ASSERT_TRUE(client.send("PROXY nonsense\r\n"));
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(server.closed_by(CloseReason::rejected), 1U);
}

}  // namespace
}  // namespace bolide::net
