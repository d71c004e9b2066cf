// SPDX-License-Identifier: Apache-2.0
//
// TLS without I/O, on OpenSSL's memory BIOs.
// Runs on: the agent of its connection.  Owns: see tls_filter.h.  Invariant: see tls_filter.h.
#include "net/tls_filter.h"

#include "base/assert.h"
#include "net/tls_error_impl.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>

namespace bolide::net {
namespace {

bool is_numeric(const std::string& host) {
  in6_addr memory{};
  return ::inet_pton(AF_INET, host.c_str(), &memory) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &memory) == 1;
}

void expect_name(ssl_st* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  if (is_numeric(host))
    X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str());
  else
    X509_VERIFY_PARAM_set1_host(param, host.c_str(), 0);
}

// What a person does about a certificate that was refused.
std::string_view fix_of(long verdict) {
  switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "connect by a name or address that stands in the certificate";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return "renew the certificate, or set the clock";
    default: return "trust the certificate or its issuer: --tls-ca FILE (TlsOptions::trusted_file)";
  }
}

}  // namespace

void TlsFilter::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

TlsFilter::TlsFilter(const TlsContext& context, const std::string& host)
    : ssl_(SSL_new(context.native())), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  BOLIDE_ASSERT(ssl_ && in_ && out_);
  BIO_set_mem_eof_return(in_, -1);  // empty means "later", not "the end"
  SSL_set_bio(ssl_.get(), in_, out_);
  if (context.is_server()) {
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  if (!host.empty() && !is_numeric(host)) SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  if (context.verifies_name()) expect_name(ssl_.get(), host);
}

void TlsFilter::feed(std::string_view ciphertext) {
  if (ciphertext.empty()) return;
  std::size_t written = 0;
  const int ok = BIO_write_ex(in_, ciphertext.data(), ciphertext.size(), &written);
  BOLIDE_ASSERT(ok == 1 && written == ciphertext.size());
}

bool TlsFilter::established() const {
  return SSL_is_init_finished(ssl_.get()) == 1;
}

Result<> TlsFilter::handshake() {
  clear_tls_errors();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1 || SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return {};
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict != X509_V_OK)
    return Failure(Error{Errc::connection_failed, std::string("the certificate was refused: ") +
                                                      X509_verify_cert_error_string(verdict)}
                       .fixed_by(fix_of(verdict)));
  return fail(Errc::connection_failed, "TLS handshake: " + take_tls_errors());
}

Result<std::size_t> TlsFilter::read(std::span<char> to) {
  clear_tls_errors();
  std::size_t size = 0;
  // One call yields one record at most.
  while (size < to.size()) {
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl_.get(), to.data() + size, to.size() - size, &got);
    size += got;
    if (done == 1) continue;
    const int why = SSL_get_error(ssl_.get(), done);
    if (size > 0 || why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN) return size;
    return fail(Errc::connection_closed, "TLS record: " + take_tls_errors());
  }
  return size;
}

bool TlsFilter::peer_closed() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void TlsFilter::write(std::string_view plain) {
  clear_tls_errors();
  std::size_t written = 0;
  const int ok = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written);
  // A memory BIO takes everything; without renegotiation a write waits for nothing.
  BOLIDE_ASSERT(ok == 1 && written == plain.size());
}

void TlsFilter::shut_down() {
  clear_tls_errors();
  SSL_shutdown(ssl_.get());
  clear_tls_errors();
}

void TlsFilter::take(OutputQueue& out) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(out_, &data);
  if (size <= 0) return;
  std::copy_n(data, size, out.reserve(static_cast<std::size_t>(size)));
  BIO_reset(out_);
}

}  // namespace bolide::net
