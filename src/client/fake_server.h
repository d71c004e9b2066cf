// SPDX-License-Identifier: Apache-2.0
//
// For tests: a server on the simulated network that answers as the test says, and a world of such
// servers with a runtime of the client library on the same network.
// Runs on: what is said on the test's thread happens on the client's agent, but for the bare
// FakeServer. Owns: its listener.  Invariant: every request that arrived is in requests().
#pragma once

#include "client/core.h"
#include "net/sim_transport.h"
#include "net/test_server.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bolide::client::test {

using net::test::eventually;

struct FakeAnswer {
  std::int32_t code = 0;
  std::string remark = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string body = {};
};

struct FakeRequest {
  std::int32_t code = 0;
  std::int32_t opaque = 0;
  bool one_way = false;
  std::map<std::string, std::string> fields;
  std::string body;

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
};

// Nothing: no answer comes.
using FakeHandler = std::function<std::optional<FakeAnswer>(const FakeRequest& request)>;

class FakeServer {
 public:
  FakeServer(net::Transport& transport, std::uint16_t port, FakeHandler handler)
      : state_(std::make_shared<State>()) {
    state_->handler = std::move(handler);
    auto made = transport.listen({.address = {.host = "127.0.0.1", .port = port}},
                                 [state = state_](net::Connection& connection) {
                                   return std::make_unique<Link>(state, connection);
                                 });
    if (made) listener_ = std::move(*made);
  }

  // From here on any thread.
  std::vector<FakeRequest> requests(std::int32_t code) const {
    const std::lock_guard lock(state_->mutex);
    std::vector<FakeRequest> some;
    for (const FakeRequest& request : state_->requests)
      if (request.code == code) some.push_back(request);
    return some;
  }
  std::size_t count(std::int32_t code) const { return requests(code).size(); }

  // On the thread of the network: to the connection that was heard last.
  void write(std::int32_t code, std::int32_t opaque, std::int32_t flag, const FakeAnswer& answer) {
    state_->write(code, opaque, flag, answer);
  }
  void write_raw(std::string_view bytes) {
    if (state_->last != nullptr) state_->last->write(bytes);
  }

 private:
  // Its connections may outlive the server.
  struct State {
    FakeHandler handler;
    std::mutex mutex;
    std::vector<FakeRequest> requests;
    net::Connection* last = nullptr;

    void write(std::int32_t code, std::int32_t opaque, std::int32_t flag,
               const FakeAnswer& answer) {
      if (last == nullptr) return;
      const std::vector<remoting::ExtField> fields(answer.fields.begin(), answer.fields.end());
      const remoting::HeaderOut header{
          .code = code, .opaque = opaque, .flag = flag, .remark = answer.remark, .fields = fields};
      char* const at = last->reserve(remoting::header_bytes_max(header));
      last->commit(
          remoting::encode_header(header, remoting::Serialization::json, answer.body.size(), at));
      last->write(answer.body);
    }

    void take(const remoting::Frame& frame) {
      remoting::Header header;
      std::string scratch;
      if (!remoting::decode_header(frame, &scratch, &header)) return;
      FakeRequest request{.code = header.code,
                          .opaque = header.opaque,
                          .one_way = header.is_one_way(),
                          .fields = {},
                          .body = std::string(frame.body)};
      for (const auto& [name, value] : header.fields)
        request.fields[std::string(name)] = std::string(value);
      {
        const std::lock_guard lock(mutex);
        requests.push_back(request);
      }
      if (header.is_response()) return;
      const auto answer = handler(request);
      if (answer && !request.one_way)
        write(answer->code, request.opaque, remoting::header_flag::response, *answer);
    }
  };

  class Link final : public net::Session {
   public:
    Link(std::shared_ptr<State> state, net::Connection& connection)
        : state_(std::move(state)), connection_(connection) {}
    std::size_t on_bytes(std::string_view bytes, const Now&) override {
      state_->last = &connection_;
      std::size_t consumed = 0;
      remoting::Frame frame;
      while (remoting::read_frame(bytes.substr(consumed), 64U << 20U, &frame) ==
             remoting::FrameStatus::complete) {
        consumed += frame.size;
        state_->take(frame);
      }
      return consumed;
    }
    void on_closed() override {
      if (state_->last == &connection_) state_->last = nullptr;
    }

   private:
    std::shared_ptr<State> state_;
    net::Connection& connection_;
  };

  std::shared_ptr<State> state_;
  std::unique_ptr<net::Listener> listener_;
};

// The machine's clock, which the test puts forward.
class TestClock final : public Clock {
 public:
  Now now() const override {
    Now now = os::system_clock().now();
    now.wall_ms += ahead_ms_;
    now.steady_ns += ahead_ms_ * 1'000'000;
    return now;
  }
  void advance_ms(std::int64_t ms) { ahead_ms_ += ms; }

 private:
  std::atomic<std::int64_t> ahead_ms_{0};
};

// A network, a client's runtime on it, and servers: the name server at port 9876.
class World {
 public:
  World() {
    // Bytes move at the end of each of the agent's turns.
    runtime.run([this] {
      runtime.agent().at_end_of_turn([this] { return network.step(); }, net::TurnPhase::output);
      servers_transport_ = network.make_transport();
    });
  }
  ~World() {
    runtime.run([this] {
      servers_.clear();
      servers_transport_.reset();
    });
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  FakeServer& serve(std::uint16_t port, FakeHandler handler) {
    std::shared_ptr<FakeServer> made;
    runtime.run([&] {
      made = std::make_shared<FakeServer>(*servers_transport_, port, std::move(handler));
      servers_.push_back(made);
    });
    return *made;
  }

  std::shared_ptr<Core> open(ClientOptions options = {}) {
    if (options.name_servers.empty()) options.name_servers = "ns:9876";
    auto core = Core::open(options, runtime);
    EXPECT_TRUE(core);
    return *core;
  }

  void run(const std::function<void()>& task) { runtime.run(task); }
  void cut_all() {
    run([this] {
      for (std::size_t i = 0; i < network.pairs(); ++i) network.cut(i);
    });
  }

  TestClock clock;
  net::SimNetwork network{clock};

 private:
  std::unique_ptr<net::Transport> servers_transport_;
  std::vector<std::shared_ptr<FakeServer>> servers_;

 public:
  // Last: its agent uses all of the above.
  Runtime runtime{[this](net::Agent&) { return network.make_transport(); }, clock};
};

// The body of a route: so many queues on each broker, "b<port>" at 127.0.0.1:<port>.
inline std::string route_body(const std::vector<std::uint16_t>& ports, int queues = 2,
                              int perm = 6) {
  std::string brokers, datas;
  for (const std::uint16_t port : ports) {
    const std::string comma = brokers.empty() ? "" : ",", number = std::to_string(port);
    brokers += comma + R"({"brokerName":"b)" + number +
               R"(","cluster":"c","brokerAddrs":{0:"127.0.0.1:)" + number + R"("}})";
    datas += comma + R"({"brokerName":"b)" + number + R"(","perm":)" + std::to_string(perm) +
             R"(,"readQueueNums":)" + std::to_string(queues) + R"(,"writeQueueNums":)" +
             std::to_string(queues) + "}";
  }
  return R"({"brokerDatas":[)" + brokers + R"(],"queueDatas":[)" + datas + "]}";
}

// A name server that knows every topic but "missing", on these brokers.
inline FakeHandler routes(std::vector<std::uint16_t> ports, int queues = 2, int perm = 6) {
  return [=](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.field("topic") == "missing")
      return FakeAnswer{.code = remoting::response_code::topic_not_exist};
    return FakeAnswer{.body = route_body(ports, queues, perm)};
  };
}

// The answer to a send.
inline FakeAnswer stored_at(std::int64_t offset, std::int32_t queue = 0) {
  return {.fields = {{"msgId", "7F00000100002A9F0000000000000000"},
                     {"queueId", std::to_string(queue)},
                     {"queueOffset", std::to_string(offset)}}};
}

}  // namespace bolide::client::test
