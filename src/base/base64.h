// SPDX-License-Identifier: Apache-2.0
//
// Base64 (RFC 4648), plain and for URLs, with padding.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bolide {

std::string base64(std::string_view bytes);
// With - and _ for + and /.
std::string base64_url(std::string_view bytes);
// Nothing if the text is no base64 of its kind; padding may be missing.
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_base64_url(std::string_view text);

}  // namespace bolide
