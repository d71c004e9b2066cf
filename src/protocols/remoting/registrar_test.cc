// SPDX-License-Identifier: Apache-2.0
//
// The registration with name servers that refuse, are silent or come late, and questions to them.
#include "protocols/remoting/registrar.h"

#include "broker/core_test_util.h"
#include "net/sim_transport.h"
#include "net/tls.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

constexpr std::uint16_t name_server_port = 9876;

// A name server that answers registrations with `code`, or not at all, and questions for routes
// when it is told to.
struct NameServer {
  class Session final : public net::Session {
   public:
    Session(NameServer& server, net::Connection& connection)
        : server_(server), connection_(connection) {}
    std::size_t on_bytes(std::string_view bytes, const Now&) override {
      for (const testing::Received& request : testing::received(bytes)) {
        if (request.code == request_code::get_route_info_by_topic) {
          server_.questions.push_back(request.opaque);
          continue;
        }
        ++server_.requests;
        if (server_.hangs_up) connection_.close("hangs up");
        if (server_.code) server_.answer(request.opaque, *server_.code);
      }
      return bytes.size();
    }
    void on_closed() override { ++server_.closed; }

   private:
    NameServer& server_;
    net::Connection& connection_;
  };

  void answer(std::int32_t opaque, int with_code, std::string_view body = {}) {
    connection->write(testing::frame_of(R"({"code":)" + std::to_string(with_code) +
                                            R"(,"flag":1,"opaque":)" + std::to_string(opaque) + "}",
                                        body));
  }

  std::optional<int> code;
  bool hangs_up = false;
  net::Connection* connection = nullptr;  // the newest
  std::vector<std::int32_t> questions;    // their opaques
  int requests = 0;                       // registrations
  int connections = 0;
  int closed = 0;
};

class RegistrarTest : public ::testing::Test {
 protected:
  void listen(net::TlsMode mode = net::TlsMode::disabled) {
    auto opened = server_transport_->listen(
        {.address = {.host = "127.0.0.1", .port = name_server_port}, .tls_mode = mode},
        [this](net::Connection& c) {
          ++server_.connections;
          server_.connection = &c;
          return std::make_unique<NameServer::Session>(server_, c);
        });
    ASSERT_TRUE(opened);
    listener_ = std::move(*opened);
  }
  // A second passes.
  void second() {
    rig_.clock.advance_ms(1'000);
    registrar_.tick();
    ASSERT_TRUE(network_.run());
  }

  broker::testing::CoreRig rig_;
  net::Agent agent_{"test", rig_.clock};
  net::SimNetwork network_{rig_.clock};
  std::unique_ptr<net::Transport> server_transport_ = network_.make_transport();
  std::unique_ptr<net::Transport> transport_ = network_.make_transport();
  NameServer server_;
  std::unique_ptr<net::Listener> listener_;
  const RegistrarSettings settings_{
      .cluster = "C",
      .broker_name = "b",
      .address = "127.0.0.1:10911",
      .answer_timeout_ms = 5'000,
      .name_servers = {{.host = "127.0.0.1", .port = name_server_port}}};
  Registrar registrar_{settings_, agent_, *transport_, *rig_.core};
};

TEST_F(RegistrarTest, reaches_a_name_server_that_comes_late) {
  second();
  EXPECT_EQ(registrar_.registered(), 0U);
  server_.code = response_code::success;
  listen();
  second();
  EXPECT_EQ(registrar_.registered(), 1U);
  second();
  EXPECT_EQ(server_.requests, 1) << "it knows";
}

TEST_F(RegistrarTest, gives_up_a_connection_on_which_no_answer_comes) {
  listen();
  second();
  ASSERT_EQ(server_.requests, 1);
  for (int i = 0; i < 4; ++i) second();
  EXPECT_EQ(server_.closed, 0);
  EXPECT_EQ(server_.requests, 1) << "asking again makes nobody faster";
  second();
  EXPECT_EQ(server_.closed, 1);
  server_.code = response_code::success;
  second();
  EXPECT_EQ(server_.connections, 2);
  EXPECT_EQ(registrar_.registered(), 1U);
}

TEST_F(RegistrarTest, asks_again_where_it_was_refused) {
  server_.code = response_code::system_error;
  listen();
  second();
  second();
  EXPECT_EQ(server_.requests, 2);
  EXPECT_EQ(registrar_.registered(), 0U);
  server_.code = response_code::success;
  second();
  EXPECT_EQ(registrar_.registered(), 1U);
}

TEST_F(RegistrarTest, reaches_a_name_server_that_takes_encrypted_connections_only) {
  server_.code = response_code::success;
  listen(net::TlsMode::enforcing);
  RegistrarSettings settings = settings_;
  settings.tls = *net::TlsContext::client({.verify = false});
  Registrar encrypting(std::move(settings), agent_, *transport_, *rig_.core);
  encrypting.register_now();
  ASSERT_TRUE(network_.run());
  EXPECT_EQ(encrypting.registered(), 1U);
}

TEST_F(RegistrarTest, says_once_that_a_name_server_hangs_up_and_what_may_help) {
  server_.hangs_up = true;
  listen();
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 4; ++i) second();
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(server_.connections, 4);
  const std::size_t told = said.find("name server 127.0.0.1:9876 closed the connection");
  ASSERT_NE(told, said.npos) << said;
  EXPECT_EQ(said.find("closed the connection", told + 60), said.npos) << said;
  EXPECT_NE(said.find("tls.peers"), said.npos) << said;
  EXPECT_NE(said.find("net.max_frame_bytes"), said.npos) << said;
}

TEST_F(RegistrarTest, takes_a_late_answer_about_a_route_for_nothing_else) {
  server_.code = response_code::success;
  listen();
  second();
  ASSERT_EQ(registrar_.registered(), 1U);
  int answered = 0;
  registrar_.route_of("t", [&](std::string_view) { ++answered; });
  for (int i = 0; i < 3; ++i) second();
  ASSERT_EQ(server_.questions.size(), 1U);
  EXPECT_EQ(answered, 1) << "given up";
  server_.answer(server_.questions[0], response_code::topic_not_exist);
  second();
  EXPECT_EQ(registrar_.registered(), 1U);
  EXPECT_EQ(server_.requests, 1) << "nothing to register again";

  server_.code.reset();
  registrar_.route_of("t", [&](std::string_view) { ++answered; });
  for (int i = 0; i < 3; ++i) second();
  registrar_.register_now();
  server_.answer(server_.questions[1], response_code::success, "{}");
  for (int i = 0; i < 5; ++i) second();
  EXPECT_EQ(server_.closed, 1) << "the registration is still without an answer";
}

}  // namespace
}  // namespace bolide::remoting
