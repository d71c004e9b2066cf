// SPDX-License-Identifier: Apache-2.0
//
// The registration with name servers that refuse, are silent or come late, and questions to them.
#include "protocols/remoting/registrar.h"

#include "net/sim_transport.h"
#include "net/tls.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

constexpr std::uint16_t name_server_port = 9876;

// A name server that answers registrations with `code` and questions for routes with `route`
// (empty: there is none), or not at all.
struct NameServer {
  class Session final : public net::Session {
   public:
    Session(NameServer& server, net::Connection& connection)
        : server_(server), connection_(connection) {}
    std::size_t on_bytes(std::string_view bytes, const Now&) override {
      for (const testing::Received& request : testing::received(bytes)) {
        if (request.code == request_code::get_route_info_by_topic) {
          server_.questions.push_back(request.opaque);
          if (!server_.route) continue;
          const bool none = server_.route->empty();
          server_.answer(request.opaque,
                         none ? response_code::topic_not_exist : response_code::success,
                         *server_.route);
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
  std::optional<std::string> route;
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
    desk_.rig.clock.advance_ms(1'000);
    registrar_.tick();
    ASSERT_TRUE(network_.run());
  }
  // What a client of the broker is given of the topic orders.
  std::string assignment() {
    if (!desk_.service.queues_of) {
      desk_.service.queues_of = [this](const std::string& topic, Registrar::OnQueues done) {
        registrar_.queues_of(topic, std::move(done));
      };
      desk_.rig.heartbeat(5, {.group = "workers", .subscriptions = {{.topic = "orders"}}});
    }
    const std::int32_t asked = desk_.peer.send(
        {.code = request_code::query_assignment,
         .body = R"({"clientId":"client-5","consumerGroup":"workers","strategyName":"AVG",)"
                 R"("messageModel":"CLUSTERING","topic":"orders"})"});
    EXPECT_TRUE(network_.run());
    const testing::Received answer = desk_.peer.answer(asked);
    EXPECT_EQ(answer.code, response_code::success);
    return answer.body;
  }
  static std::size_t queues_in(std::string_view assignment, std::string_view broker) {
    const std::string name = R"("brokerName":")" + std::string(broker) + '"';
    std::size_t count = 0;
    for (std::size_t at = assignment.find(name); at != assignment.npos;
         at = assignment.find(name, at + 1))
      ++count;
    return count;
  }

  testing::BrokerDesk desk_;
  net::Agent agent_{"test", desk_.rig.clock};
  net::SimNetwork network_{desk_.rig.clock};
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
  Registrar registrar_{settings_, agent_, *transport_, *desk_.rig.core};
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
  Registrar encrypting(std::move(settings), agent_, *transport_, *desk_.rig.core);
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
  registrar_.route_of("t", [&](const Result<std::string_view>&) { ++answered; });
  for (int i = 0; i < 3; ++i) second();
  ASSERT_EQ(server_.questions.size(), 1U);
  EXPECT_EQ(answered, 1) << "given up";
  server_.answer(server_.questions[0], response_code::topic_not_exist);
  second();
  EXPECT_EQ(registrar_.registered(), 1U);
  EXPECT_EQ(server_.requests, 1) << "nothing to register again";

  server_.code.reset();
  registrar_.route_of("t", [&](const Result<std::string_view>&) { ++answered; });
  for (int i = 0; i < 3; ++i) second();
  registrar_.register_now();
  ASSERT_EQ(server_.questions.size(), 2U);
  server_.answer(server_.questions[1], response_code::success, "{}");
  for (int i = 0; i < 5; ++i) second();
  EXPECT_EQ(server_.closed, 1) << "the registration is still without an answer";
}

TEST_F(RegistrarTest, shares_out_the_queues_it_knows_while_the_name_server_is_away) {
  server_.code = response_code::success;
  server_.route = R"({"brokerDatas":[],"queueDatas":[)"
                  R"({"brokerName":"broker-a","perm":6,"readQueueNums":4,"writeQueueNums":4},)"
                  R"({"brokerName":"broker-b","perm":6,"readQueueNums":2,"writeQueueNums":2}]})";
  listen();
  second();
  const std::string known = assignment();
  EXPECT_EQ(queues_in(known, "broker-a"), 4U) << known;
  EXPECT_EQ(queues_in(known, "broker-b"), 2U) << known;
  listener_.reset();
  network_.cut(0);
  second();
  ASSERT_EQ(registrar_.registered(), 0U);
  EXPECT_EQ(assignment(), known);
}

TEST_F(RegistrarTest, shares_out_its_own_queues_only_where_there_is_no_route) {
  EXPECT_EQ(assignment(), "{}") << "not known: the client keeps what it has";
  server_.code = response_code::success;
  server_.route = "";
  listen();
  second();
  EXPECT_EQ(queues_in(assignment(), "broker-a"), 4U);
}

}  // namespace
}  // namespace bolide::remoting
