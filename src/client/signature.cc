// SPDX-License-Identifier: Apache-2.0
//
// Signing of requests.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "client/signature.h"

#include "base/assert.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

namespace bolide::client {

std::string signature_of(std::string_view secret_key, std::span<const remoting::ExtField> fields,
                         std::string_view body) {
  // By UTF-16 code units in Java; names of fields are ASCII, for which bytes give the same order.
  std::vector<remoting::ExtField> sorted(fields.begin(), fields.end());
  std::ranges::sort(sorted, {}, &remoting::ExtField::first);
  std::string text;
  for (const auto& [name, value] : sorted) {
    if (name != "Signature") text.append(value);
  }
  text.append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const unsigned char* const made = ::HMAC(
      ::EVP_sha1(), secret_key.data(), static_cast<int>(secret_key.size()),
      reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  BOLIDE_ASSERT(made != nullptr);
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> encoded{};
  const int length = ::EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

void sign(const Credentials& credentials, std::string_view body,
          std::vector<remoting::ExtField>* fields, std::string* memory) {
  // What has no value is not in the binary form of a header, so the server does not sign it either.
  std::erase_if(*fields, [](const remoting::ExtField& field) { return field.second.empty(); });
  fields->emplace_back("AccessKey", credentials.access_key);
  if (!credentials.security_token.empty())
    fields->emplace_back("SecurityToken", credentials.security_token);
  *memory = signature_of(credentials.secret_key, *fields, body);
  fields->emplace_back("Signature", *memory);
}

}  // namespace bolide::client
