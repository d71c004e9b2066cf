// SPDX-License-Identifier: Apache-2.0
//
// One remoting connection: cuts frames, decodes headers, calls the handler of the command.
// Runs on: io agent.  Owns: the header and its scratch memory, reused from frame to frame.
// Invariant: a malformed frame closes this connection only, with a counted reason.
#pragma once

#include "protocols/remoting/front.h"

namespace bolide::remoting {

class RemotingSession final : public net::Session {
 public:
  RemotingSession(Front& front, net::Connection& connection, broker::SessionId id);

  std::size_t on_bytes(std::string_view bytes, const Now& now) override;
  void on_closed() override;

 private:
  bool handle(const Frame& frame, const Now& now);
  bool sent_away(const Call& call);
  void reject(Malformed reason, std::string_view text);

  Front& front_;
  net::Connection& connection_;
  broker::SessionId id_;
  Host peer_;
};

}  // namespace bolide::remoting
