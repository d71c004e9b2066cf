// SPDX-License-Identifier: Apache-2.0
//
// The broker about itself.
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"

namespace bolide::remoting::on {

void get_broker_config(const Call& call) {
  const ExtField fields[] = {{"version", "{}"}};
  call.responder().ok(fields, call.broker().config_text());
}

void get_runtime_info(const Call& call) {
  call.broker().api.runtime_info(
      call.identity,
      [responder = call.responder()](Result<std::map<std::string, std::string>> table) {
        if (!table) return responder.error(table.error());
        responder.ok_body(table_json(*table));
      });
}

void get_ha_status(const Call& call) {
  call.broker().api.runtime_info(
      call.identity,
      [responder = call.responder()](Result<std::map<std::string, std::string>> table) {
        if (!table) return responder.error(table.error());
        responder.ok_body(lone_master_json(table->at("commitLogMaxOffset")));
      });
}

void nothing_to_do(const Call& call) {
  call.responder().ok();
}

}  // namespace bolide::remoting::on
