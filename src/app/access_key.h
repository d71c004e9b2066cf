// SPDX-License-Identifier: Apache-2.0
//
// The file that holds a user's access key, in the form of RocketMQ's conf/tools.yml, so that no
// secret stands on a command line or in contexts.toml.
// Runs on: the main thread.  Owns: nothing.  Invariant: a key that was read has a name and a
// secret.
#pragma once

#include "base/result.h"

#include <bolide/client.h>

#include <string>
#include <string_view>

namespace bolide::app {

// Lines "accessKey: NAME", "secretKey: SECRET" and "securityToken: TOKEN"; quotes are taken off,
// lines that begin with # are passed over. Errors: config, naming file and line.
Result<AccessKey> parse_access_key(std::string_view path, std::string_view text);
// Errors: as above; io, not_found, naming the file.
Result<AccessKey> load_access_key(const std::string& path);

}  // namespace bolide::app
