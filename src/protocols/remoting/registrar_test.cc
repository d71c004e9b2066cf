// SPDX-License-Identifier: Apache-2.0
//
// The registration with name servers that refuse, are silent or come late.
#include "protocols/remoting/registrar.h"

#include "broker/core_test_util.h"
#include "net/sim_transport.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

constexpr std::uint16_t name_server_port = 9876;

// A name server that answers registrations with `code`, or not at all.
struct NameServer {
  class Session final : public net::Session {
   public:
    Session(NameServer& server, net::Connection& connection)
        : server_(server), connection_(connection) {}
    std::size_t on_bytes(std::string_view bytes, const Now&) override {
      for (const testing::Received& request : testing::received(bytes)) {
        ++server_.requests;
        if (!server_.code) continue;
        connection_.write(testing::frame_of(R"({"code":)" + std::to_string(*server_.code) +
                                            R"(,"flag":1,"opaque":)" +
                                            std::to_string(request.opaque) + "}"));
      }
      return bytes.size();
    }
    void on_closed() override { ++server_.closed; }

   private:
    NameServer& server_;
    net::Connection& connection_;
  };

  std::optional<int> code;
  int requests = 0;
  int connections = 0;
  int closed = 0;
};

class RegistrarTest : public ::testing::Test {
 protected:
  void listen() {
    auto opened = server_transport_->listen(
        {.address = {.host = "127.0.0.1", .port = name_server_port}}, [this](net::Connection& c) {
          ++server_.connections;
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
  Registrar registrar_{{.cluster = "C",
                        .broker_name = "b",
                        .address = "127.0.0.1:10911",
                        .answer_timeout_ms = 5'000,
                        .name_servers = {{.host = "127.0.0.1", .port = name_server_port}}},
                       agent_,
                       *transport_,
                       *rig_.core};
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

}  // namespace
}  // namespace bolide::remoting
