// SPDX-License-Identifier: Apache-2.0
//
// The settings of a server.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/settings_load.h"

#include "os/file_system.h"

#include <map>
#include <string>
#include <string_view>

extern char** environ;

namespace bolide::app {
namespace {

constexpr std::uint64_t config_bytes_max = 1U << 20U;

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const std::size_t equals = entry.find('=');
    if (equals != entry.npos) all.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  all.erase(name_servers_variable);
  return all;
}

}  // namespace

Result<table::Options> load_settings(const ServerArguments& arguments) {
  table::LoadRequest request{.config_path = arguments.config_path,
                             .sets = arguments.sets,
                             .environment = environment(),
                             .read_file = [](const std::string& path) {
                               return os::read_file(os::posix_file_system(), path,
                                                    config_bytes_max);
                             }};
  if (!arguments.data_dir.empty()) {
    request.sets.push_back("server.data_dir=" + arguments.data_dir);
  }
  if (!arguments.roles.empty()) {
    std::string roles;
    for (const std::string& role : arguments.roles) roles += (roles.empty() ? "" : ",") + role;
    request.sets.push_back("server.roles=" + roles);
  }
  return table::load_options(request);
}

}  // namespace bolide::app
