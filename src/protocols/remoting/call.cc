// SPDX-License-Identifier: Apache-2.0
//
// Answers and typed fields.
// Runs on: io agent.  Owns: nothing.  Invariant: see call.h.
#include "protocols/remoting/call.h"

#include "protocols/remoting/front.h"

namespace bolide::remoting {

void Responder::ok(std::span<const ExtField> fields, std::string_view body) const {
  answer({.code = 0, .opaque = opaque_, .fields = fields}, body);
}

void Responder::error(const Error& error) const {
  const std::string remark = error.context.empty() ? error.message() : error.context;
  answer({.code = error_row(error.code).rocketmq, .opaque = opaque_, .remark = remark},
         std::string_view{});
}

template <class Body>
void Responder::write(const HeaderOut& out, const Body& body) const {
  if (one_way_) return;
  HeaderOut header = out;
  header.opaque = opaque_;
  if (front_->write(session_, header, serialization_, body)) return;
  header = {.code = error_row(Errc::internal).rocketmq,
            .opaque = opaque_,
            .remark = "the header of the answer is too long"};
  front_->write(session_, header, serialization_, std::string_view{});
}

void Responder::answer(const HeaderOut& out, std::string_view body) const {
  write(out, body);
}

void Responder::answer(const HeaderOut& out, const Slices& body) const {
  write(out, body);
}

BrokerService& Call::broker() const {
  return *front.broker();
}
NamingService& Call::naming() const {
  return *front.naming();
}

std::string_view Fields::text(std::string_view name) {
  const std::string_view value = header_.field(name);
  if (value.empty() && problem_.empty()) {
    problem_ = "the field " + std::string(name) + " is missing";
  }
  return value;
}

std::string_view Fields::text_or(std::string_view name, std::string_view otherwise) const {
  const std::string_view value = header_.field(name);
  return value.empty() ? otherwise : value;
}

bool Fields::flag_or(std::string_view name, bool otherwise) const {
  const std::string_view value = header_.field(name);
  return value.empty() ? otherwise : is_true(value);
}

void Fields::malformed(std::string_view name, std::string_view value) {
  if (!problem_.empty()) return;
  problem_ = "the field " + std::string(name) + " is not a number: " + std::string(value);
}

Result<> Fields::check() const {
  if (problem_.empty()) return {};
  return fail(Errc::malformed, problem_);
}

}  // namespace bolide::remoting
