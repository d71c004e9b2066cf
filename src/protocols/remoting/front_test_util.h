// SPDX-License-Identifier: Apache-2.0
//
// For tests of the remoting front end: a client that writes requests into a session and reads what
// comes back, and a broker and a name server to talk to. Runs on: the test's thread.  Owns:
// connections, front end, service.  Invariant: none.
#pragma once

#include "base/assert.h"
#include "broker/core_test_util.h"
#include "net/test_connection.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/naming_service.h"
#include "protocols/remoting/session.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::remoting::testing {

// A command as it came off the wire, with its own copies.
struct Received {
  std::int32_t code = 0;
  std::int32_t opaque = 0;
  std::int32_t flag = 0;
  std::string remark;
  std::map<std::string, std::string> fields;
  std::string body;
  Serialization serialization = Serialization::json;
};

// Cuts `bytes` into commands; they must be whole and well formed.
inline std::vector<Received> received(std::string_view bytes) {
  std::vector<Received> list;
  Frame frame;
  Header header;
  std::string scratch;
  while (!bytes.empty()) {
    BOLIDE_ASSERT(read_frame(bytes, 64U << 20U, &frame) == FrameStatus::complete);
    BOLIDE_ASSERT(decode_header(frame, &scratch, &header).has_value());
    bytes.remove_prefix(frame.size);
    Received& one = list.emplace_back();
    one.code = header.code;
    one.opaque = header.opaque;
    one.flag = header.flag;
    one.remark = header.remark;
    for (const auto& [name, value] : header.fields) one.fields[std::string(name)] = value;
    one.body = frame.body;
    one.serialization = frame.serialization;
  }
  return list;
}

inline std::string frame_of(std::string_view json_header, std::string_view body = {}) {
  std::string out(frame_prefix_bytes, '\0');
  write_frame_prefix(out.data(), Serialization::json, json_header.size(), body.size());
  return out.append(json_header).append(body);
}

using FieldList = std::vector<ExtField>;

struct Request {
  std::int32_t code = 0;
  FieldList fields = {};
  std::string_view body = {};
  Serialization serialization = Serialization::json;
  bool one_way = false;
};

inline std::string bytes_of(const Request& request, std::int32_t opaque) {
  const HeaderOut out{.code = request.code,
                      .opaque = opaque,
                      .flag = request.one_way ? header_flag::one_way : 0,
                      .remark = {},
                      .fields = request.fields};
  std::string bytes(header_bytes_max(out), '\0');
  bytes.resize(encode_header(out, request.serialization, request.body.size(), bytes.data()));
  return bytes.append(request.body);
}

// A client on one connection.
class Peer {
 public:
  explicit Peer(Front& front)
      : driver_(connection, [&front](net::Connection& made) { return front.make_session(made); }) {}

  // Sends; the opaque.
  std::int32_t send(const Request& request, const Now& now = {}) {
    driver_.feed(bytes_of(request, ++opaque_), now);
    return opaque_;
  }
  void feed(std::string_view bytes) { driver_.feed(bytes); }
  void feed_byte_by_byte(std::string_view bytes) { driver_.feed_byte_by_byte(bytes); }
  std::vector<Received> take() { return received(connection.take()); }
  // Sends and gives the answer, which must come at once and alone.
  Received ask(const Request& request) {
    const std::int32_t opaque = send(request);
    return answer(opaque);
  }
  Received answer(std::int32_t opaque) {
    std::vector<Received> list = take();
    BOLIDE_ASSERT(list.size() == 1);
    BOLIDE_ASSERT(list[0].opaque == opaque && list[0].flag == header_flag::response);
    return std::move(list[0]);
  }
  void close() { driver_.close(); }
  const std::string& unconsumed() const { return driver_.unconsumed(); }

  net::test::FakeConnection connection;

 private:
  net::test::SessionDriver driver_;
  std::int32_t opaque_ = 100;
};

// The broker role over a core of its own.
struct BrokerDesk {
  explicit BrokerDesk(broker::testing::RigOptions options = {}) : rig(std::move(options)) {
    rig.put_topic("orders", 4);
  }
  // Sends, ends the turn; the answer.
  Received ask(const Request& request) {
    const std::int32_t opaque = peer.send(request, rig.clock.now());
    rig.core->end_of_turn();
    return peer.answer(opaque);
  }

  broker::testing::CoreRig rig;
  BrokerService service{
      .api = *rig.core, .broker_name = "broker-a", .cluster = "DefaultCluster", .config_text = [] {
        return std::string("brokerName=broker-a\n");
      }};
  Front front{&service, nullptr, frame_bytes_max_default};
  Peer peer{front};
};

struct NamingDesk {
  NamingService service{.registry = naming::RouteRegistry{},
                        .kv = naming::KvConfig([](std::string_view) { return Result<>{}; }),
                        .config_text = [] { return std::string("listenPort=9876\n"); }};
  Front front{nullptr, &service, frame_bytes_max_default};
  Peer peer{front};
};

}  // namespace bolide::remoting::testing
