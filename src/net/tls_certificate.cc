// SPDX-License-Identifier: Apache-2.0
//
// A self-signed certificate. An elliptic key is made in a fraction of a millisecond; RSA would cost
// more than the rest of the start.
// Runs on: any agent.  Owns: nothing.  Invariant: -
#include "net/tls_certificate_impl.h"

#include "base/assert.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace bolide::net {
namespace {

constexpr long valid_seconds = 10L * 365 * 24 * 3600;
constexpr long skew_seconds = 24L * 3600;  // clocks of clients that are behind

void add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  BOLIDE_ASSERT(extension);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

void use_self_signed(ssl_ctx_st* context) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  BOLIDE_ASSERT(key && certificate);
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -skew_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_seconds);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(certificate.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  const int size = X509_sign(certificate.get(), key.get(), EVP_sha256());
  BOLIDE_ASSERT(size > 0);
  BOLIDE_ASSERT(SSL_CTX_use_certificate(context, certificate.get()) == 1);
  BOLIDE_ASSERT(SSL_CTX_use_PrivateKey(context, key.get()) == 1);
}

}  // namespace bolide::net
