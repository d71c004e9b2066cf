// SPDX-License-Identifier: Apache-2.0
//
// Tests of the pages over HTTP.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "admin/http_session.h"

#include "net/sim_transport.h"
#include "net/test_connection.h"

#include <gtest/gtest.h>

namespace bolide::admin {
namespace {

using net::test::FakeConnection;
using net::test::SessionDriver;

class HttpTest : public testing::Test {
 protected:
  Pages pages{{{.path = "/health", .doc = "well?", .make = [] { return Page{.body = "ok\n"}; }},
               {.path = "/sick", .doc = "no", .make = [] {
                  return Page{.status = 503, .body = "the disk is full\n"};
                }}}};
  FakeConnection connection;
  SessionDriver driver{make_http_session(pages, connection)};
};

constexpr std::string_view ok_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
    "Cache-Control: no-store\r\nConnection: keep-alive\r\n\r\nok\n";

TEST_F(HttpTest, answers_requests_one_after_the_other) {
  const std::string request = "GET /health?x=1 HTTP/1.1\r\nHost: a\r\n\r\n";
  driver.feed(request + request);
  EXPECT_EQ(connection.take(), std::string(ok_answer) + std::string(ok_answer));
  driver.feed_byte_by_byte(request);
  EXPECT_EQ(connection.take(), ok_answer);
  EXPECT_FALSE(connection.is_closed);
}

TEST_F(HttpTest, waits_with_the_next_request_while_the_peer_does_not_take_its_answers) {
  const Pages filling{{{.path = "/health", .doc = "well?", .make = [this] {
                          connection.is_congested = true;
                          return Page{.body = "ok\n"};
                        }}}};
  SessionDriver slow{make_http_session(filling, connection)};
  const std::string request = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
  slow.feed(request + request);
  EXPECT_EQ(connection.take(), ok_answer);
  EXPECT_EQ(slow.unconsumed(), request);
  connection.is_congested = false;
  slow.feed({});
  EXPECT_EQ(connection.take(), ok_answer);
  EXPECT_EQ(slow.unconsumed(), "");
}

// Counts what comes back.
class Reader final : public net::Session {
 public:
  explicit Reader(std::size_t& taken) : taken_(taken) {}
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    taken_ += bytes.size();
    return bytes.size();
  }
  void on_closed() override {}

 private:
  std::size_t& taken_;
};

TEST(HttpSession, answers_all_of_many_requests_that_come_at_once) {
  const Pages large{{{.path = "/much", .doc = "much", .make = [] {
                        return Page{.body = std::string(10'000, 'x')};
                      }}}};
  ManualClock clock;
  net::SimNetwork network(clock);
  const auto transport = network.make_transport();
  const auto listener =
      transport->listen({.address = {.host = "127.0.0.1", .port = 80}, .limits = http_limits()},
                        [&](net::Connection& made) { return make_http_session(large, made); });
  ASSERT_TRUE(listener);
  std::string requests;
  int count = 0;
  for (; requests.size() < 256 << 10U; ++count) requests += "GET /much HTTP/1.1\r\nHost: a\r\n\r\n";
  std::size_t taken = 0;
  transport->connect(
      {.host = "127.0.0.1", .port = 80}, {}, nullptr,
      [&](net::Connection& made) {
        made.write(std::string_view(requests));
        return std::make_unique<Reader>(taken);
      },
      [](const Result<>&) {});
  ASSERT_TRUE(network.run());
  EXPECT_TRUE(network.is_open(0));
  EXPECT_GT(taken, std::size_t{10'000} * static_cast<std::size_t>(count));
}

TEST_F(HttpTest, closes_when_the_client_wants_that) {
  driver.feed("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_NE(connection.take().find("Connection: close\r\n\r\nok\n"), std::string::npos);
  EXPECT_TRUE(connection.is_closed);
}

TEST_F(HttpTest, answers_head_without_the_body) {
  driver.feed("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = connection.take();
  EXPECT_NE(answer.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpTest, lists_the_pages_and_passes_on_their_status) {
  driver.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(connection.take().find("/health  well?\n/sick  no\n"), std::string::npos);
  driver.feed("GET /sick HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(connection.take().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  driver.feed("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string missing = connection.take();
  EXPECT_TRUE(missing.starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_NE(missing.find("/health"), std::string::npos) << "says what there is";
  EXPECT_FALSE(connection.is_closed);
}

TEST_F(HttpTest, refuses_what_it_does_not_do) {
  driver.feed("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const std::string answer = connection.take();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << answer;
  EXPECT_NE(answer.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_TRUE(connection.is_closed);
}

TEST_F(HttpTest, ends_the_connection_of_who_speaks_something_else) {
  driver.feed(std::string("\x16\x03\x01\x02\x00", 5) + "hello\r\n\r\n");
  EXPECT_TRUE(connection.take().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(connection.is_closed);
}

TEST_F(HttpTest, bounds_the_header) {
  driver.feed("GET / HTTP/1.1\r\nA: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(connection.take().starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(connection.is_closed);
}

}  // namespace
}  // namespace bolide::admin
