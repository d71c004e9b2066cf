// SPDX-License-Identifier: Apache-2.0
//
// One request under way: what a handler is given, and how it is answered, now or later.
// Runs on: io agent.  Owns: nothing; header and body live during the handler's call only.
// Invariant: a Responder may outlive its session: the answer is then dropped.
#pragma once

#include <bolide/host.h>

#include "base/result.h"
#include "base/time.h"
#include "broker/api.h"
#include "protocols/remoting/wire/header.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bolide::remoting {

class Front;
struct BrokerService;
struct NamingService;

class Responder {
 public:
  Responder(Front* front, broker::SessionId session, std::int32_t opaque,
            Serialization serialization, bool one_way)
      : front_(front),
        session_(session),
        opaque_(opaque),
        serialization_(serialization),
        one_way_(one_way) {}

  // One-way requests get no answer, whatever is called.
  void ok(std::span<const ExtField> fields = {}, std::string_view body = {}) const;
  void ok_body(std::string_view body) const { ok({}, body); }
  void error(const Error& error) const;
  void answer(const HeaderOut& out, std::string_view body) const;
  void answer(const HeaderOut& out, const Slices& body) const;

  std::int32_t opaque() const { return opaque_; }

 private:
  template <class Body>
  void write(const HeaderOut& out, const Body& body) const;

  Front* front_;
  broker::SessionId session_;
  std::int32_t opaque_;
  Serialization serialization_;
  bool one_way_;
};

struct Call {
  Front& front;
  broker::SessionId session;
  const Host& peer;
  const Header& header;
  std::string_view body;
  Serialization serialization;
  const Now& now;
  const broker::Identity& identity;

  Responder responder() const {
    return {&front, session, header.opaque, serialization, header.is_one_way()};
  }
  BrokerService& broker() const;
  NamingService& naming() const;
};

// The typed fields of a request header. A missing or malformed required field is remembered; a
// handler reads all it wants and asks check() once.
class Fields {
 public:
  explicit Fields(const Header& header) : header_(header) {}

  std::string_view text(std::string_view name);
  std::string_view text_or(std::string_view name, std::string_view otherwise) const;
  template <class Integer>
  Integer number(std::string_view name) {
    const std::string_view value = text(name);
    const auto parsed = parse_integer<Integer>(value);
    if (!parsed && !value.empty()) malformed(name, value);
    return parsed.value_or(Integer{});
  }
  template <class Integer>
  Integer number_or(std::string_view name, Integer otherwise) {
    const std::string_view value = header_.field(name);
    if (value.empty()) return otherwise;
    const auto parsed = parse_integer<Integer>(value);
    if (!parsed) malformed(name, value);
    return parsed.value_or(otherwise);
  }
  std::optional<std::int32_t> optional_number(std::string_view name) {
    if (header_.field(name).empty()) return std::nullopt;
    return number<std::int32_t>(name);
  }
  bool flag_or(std::string_view name, bool otherwise) const;

  // Errors: malformed, naming the first field that is missing or wrong.
  Result<> check() const;

 private:
  void malformed(std::string_view name, std::string_view value);

  const Header& header_;
  std::string problem_;
};

// Whether the request names a queue as this broker numbers it, where a static topic's logical queue
// would be meant else (wire 1.8).
inline bool names_physical_queue(const Fields& fields) {
  return !fields.flag_or("lo", true);
}

}  // namespace bolide::remoting
