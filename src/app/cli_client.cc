// SPDX-License-Identifier: Apache-2.0
//
// What the commands that talk to servers share.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli_client.h"

#include "app/settings_load.h"

#include <cstdlib>

namespace bolide::app {

Result<client::ClientSettings> client_settings(const CommandLine& line) {
  std::string text = line.name_servers;
  // RocketMQ's own tools read the second variable.
  for (const char* variable : {name_servers_variable, "NAMESRV_ADDR"}) {
    if (const char* named = std::getenv(variable); text.empty() && named != nullptr) text = named;
  }
  if (text.empty()) text = "127.0.0.1:9876";
  client::ClientSettings settings;
  BOLIDE_TRY(settings.name_servers, client::parse_name_servers(text));
  return settings;
}

Result<std::pair<std::string, std::string>> parse_pair(std::string_view option,
                                                       const std::string& text) {
  const std::size_t mark = text.find('=');
  if (mark == std::string::npos || mark == 0 || mark + 1 == text.size())
    return fail(Errc::usage, std::string(option) + ": '" + text + "' is not NAME=VALUE");
  return std::pair(text.substr(0, mark), text.substr(mark + 1));
}

}  // namespace bolide::app
