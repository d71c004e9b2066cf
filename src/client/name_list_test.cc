// SPDX-License-Identifier: Apache-2.0
//
// Tests of asking an HTTP address for the name servers.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include "client/name_list.h"

#include "client/admin_calls.h"
#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <future>

namespace bolide::client {
namespace {

TEST(NameList, reads_addresses) {
  const auto address = HttpAddress::parse("http://names.example:8080/rocketmq/nsaddr");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->server.text(), "names.example:8080");
  EXPECT_EQ(address->path, "/rocketmq/nsaddr");
  EXPECT_EQ(HttpAddress::parse("http://names")->server.text(), "names:80");
  EXPECT_EQ(HttpAddress::parse("http://names")->path, "/");
  for (const char* const bad : {"https://names", "http://", "http:///x", "http://names:x/"})
    EXPECT_FALSE(HttpAddress::parse(bad)) << bad;
}

TEST(NameList, takes_the_body_of_a_good_answer) {
  EXPECT_EQ(*http_body("HTTP/1.1 200 OK\r\nA: b\r\n\r\na:1;b:2\n"), "a:1;b:2");
  EXPECT_EQ(http_body("HTTP/1.1 404 Not Found\r\n\r\n").error().code, Errc::not_found);
  for (const char* const bad : {"", "HTTP/1.1 200 OK\r\n", "hello\r\n\r\n", "HTTP/1.\r\n\r\n"})
    EXPECT_EQ(http_body(bad).error().code, Errc::malformed) << bad;
}

// Answers everything with a text and hangs up.
class Page final : public net::Session {
 public:
  Page(net::Connection& connection, std::string text, std::atomic<int>* asked)
      : connection_(connection), text_(std::move(text)), asked_(asked) {}
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    if (bytes.find("\r\n\r\n") == std::string_view::npos) return 0;
    if (bytes.starts_with("GET /list HTTP/1.0\r\n")) ++*asked_;
    connection_.write(std::string_view(text_));
    connection_.close("answered");
    return bytes.size();
  }
  void on_closed() override {}

 private:
  net::Connection& connection_;
  std::string text_;
  std::atomic<int>* asked_;
};

Errc route_error(test::World& world, const std::shared_ptr<Core>& core) {
  const auto promise = std::make_shared<std::promise<Errc>>();
  world.run([&] {
    core->route("t", [promise](const Result<RoutePtr>& route) {
      promise->set_value(route ? Errc::internal : route.error().code);
    });
  });
  return promise->get_future().get();
}

TEST(NameList, is_asked_by_a_client_that_is_given_an_http_address) {
  test::World world;
  world.serve(9877, test::routes({10911}));
  std::atomic<int> asked{0};
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<net::Listener> listener;
  world.run([&] {
    transport = world.network.make_transport();
    listener = std::move(*transport->listen({.address = {"list", 8080}}, [&](auto& connection) {
      return std::make_unique<Page>(connection, "HTTP/1.0 200 OK\r\n\r\nnames:9877\n", &asked);
    }));
  });
  auto core = world.open({.name_servers = "http://list:8080/list"});
  EXPECT_EQ(route_error(world, core), Errc::internal) << "internal: there is a route";
  EXPECT_EQ(asked, 1);
  const auto names = AdminCalls(core).name_servers();
  ASSERT_TRUE(names);
  EXPECT_EQ(names->front().text(), "names:9877");
  core.reset();
  world.run([&] {
    listener.reset();
    transport.reset();
  });
}

TEST(NameList, that_never_ends_is_an_error) {
  test::World world;
  std::atomic<int> asked{0};
  std::unique_ptr<net::Transport> transport;
  std::unique_ptr<net::Listener> listener;
  world.run([&] {
    transport = world.network.make_transport();
    listener = std::move(*transport->listen({.address = {"list", 8080}}, [&](auto& connection) {
      const std::string long_list = "HTTP/1.0 200 OK\r\n\r\n" + std::string(2U << 20U, ';');
      return std::make_unique<Page>(connection, long_list + "names:9877\n", &asked);
    }));
  });
  auto core = world.open({.name_servers = "http://list:8080/list"});
  EXPECT_EQ(route_error(world, core), Errc::malformed);
  core.reset();
  world.run([&] {
    listener.reset();
    transport.reset();
  });
}

TEST(NameList, that_is_away_is_an_error_of_whoever_waits) {
  test::World world;
  const auto core = world.open({.name_servers = "http://list:8080/list"});
  EXPECT_EQ(route_error(world, core), Errc::connection_failed);
  EXPECT_EQ(AdminCalls(core).clusters().error().code, Errc::connection_failed);
}

}  // namespace
}  // namespace bolide::client
