// SPDX-License-Identifier: Apache-2.0
//
// The members of a group as commands show them.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli_members.h"

namespace bolide::app {

void add_client(const ClientInfo& client, Doc* doc) {
  doc->add("client", client.id);
  doc->add("address", client.address);
  doc->add("language", client.language);
  doc->add("version", client.version);
}

Doc members_doc(const GroupMembers& members) {
  Doc clients = Doc::array();
  for (const ClientInfo& client : members.clients) {
    Doc row = Doc::object({});
    add_client(client, &row);
    clients.add(std::move(row));
  }
  Doc subscriptions = Doc::array();
  for (const Subscription& subscription : members.subscriptions) {
    subscriptions.add(Doc::object({{"topic", subscription.topic},
                                   {"expression", subscription.expression},
                                   {"type", subscription.type}}));
  }
  return Doc::object({{"consume_type", members.consume_type},
                      {"model", members.model},
                      {"from", members.from},
                      {"clients", std::move(clients)},
                      {"subscriptions", std::move(subscriptions)}});
}

std::string members_text(const Doc& members) {
  return table_text(*members.find("clients"), {{"CLIENT", "client"},
                                               {"ADDRESS", "address"},
                                               {"LANGUAGE", "language"},
                                               {"VERSION", "version"}}) +
         "\n" +
         table_text(*members.find("subscriptions"),
                    {{"TOPIC", "topic"}, {"FILTER", "expression"}, {"TYPE", "type"}}) +
         "\n" + cell_text(members.find("model")) + " " + cell_text(members.find("consume_type")) +
         " " + cell_text(members.find("from")) + "\n";
}

}  // namespace bolide::app
