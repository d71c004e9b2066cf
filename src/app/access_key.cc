// SPDX-License-Identifier: Apache-2.0
//
// Reading a user's access key.
// Runs on: the main thread.  Owns: nothing.  Invariant: see access_key.h.
#include "app/access_key.h"

#include "base/strings.h"
#include "os/file_system.h"

#include <array>
#include <utility>

namespace bolide::app {
namespace {

constexpr std::uint64_t file_bytes_max = 1U << 16U;

constexpr std::array<std::pair<std::string_view, std::string AccessKey::*>, 3> names = {{
    {"accessKey", &AccessKey::name},
    {"secretKey", &AccessKey::secret},
    {"securityToken", &AccessKey::security_token},
}};

std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == value.back() &&
                      (value.front() == '"' || value.front() == '\'');
  return quoted ? value.substr(1, value.size() - 2) : value;
}

bool take_line(std::string_view line, AccessKey* key) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  for (const auto& [name, member] : names) {
    if (trim(line.substr(0, colon)) != name) continue;
    key->*member = unquoted(trim(line.substr(colon + 1)));
    return true;
  }
  return false;
}

}  // namespace

Result<AccessKey> parse_access_key(std::string_view path, std::string_view text) {
  AccessKey key;
  std::size_t number = 0;
  for (const std::string_view whole : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(whole);
    if (line.empty() || line.front() == '#') continue;
    if (!take_line(line, &key))
      return fail(Errc::config, std::string(path) + ":" + std::to_string(number) +
                                    ": not 'accessKey: NAME', 'secretKey: SECRET' or "
                                    "'securityToken: TOKEN'");
  }
  if (key.name.empty() || key.secret.empty())
    return fail(Errc::config, std::string(path) + ": accessKey or secretKey is missing");
  return key;
}

Result<AccessKey> load_access_key(const std::string& path) {
  BOLIDE_TRY(const std::string text, os::read_file(os::posix_file_system(), path, file_bytes_max));
  return parse_access_key(path, text);
}

}  // namespace bolide::app
