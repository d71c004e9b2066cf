// SPDX-License-Identifier: Apache-2.0
//
// TLS contexts: files, trust, protocol versions.
// Runs on: any agent.  Owns: see tls.h.  Invariant: see tls.h.
#include "net/tls.h"

#include "base/assert.h"
#include "net/tls_certificate_impl.h"
#include "net/tls_error_impl.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace bolide::net {
namespace {

int give_password(char* out, int size, int, void* password) {
  const auto& text = *static_cast<const std::string*>(password);
  return static_cast<int>(text.copy(out, static_cast<std::size_t>(size)));
}

int accept_any(int, X509_STORE_CTX*) {
  return 1;
}

Failure file_failed(std::string_view what, const std::string& file) {
  std::string context(what);
  context.append(" ").append(file).append(": ").append(take_tls_errors());
  return fail(Errc::config, std::move(context));
}

}  // namespace

void clear_tls_errors() {
  ERR_clear_error();
}

std::string take_tls_errors() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {
    const char* const reason = ERR_reason_error_string(code);
    if (!out.empty()) out += ", ";
    out += reason ? reason : "error " + std::to_string(code);
  }
  return out.empty() ? "the peer ended it" : out;
}

void TlsContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsContext::TlsContext(bool is_server)
    : context_(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())),
      is_server_(is_server) {
  BOLIDE_ASSERT(context_);
  SSL_CTX* const ctx = context_.get();
  SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);  // idle connections keep no record buffers
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

Result<> TlsContext::use_identity(const std::string& certificate_file, const std::string& key_file,
                                  const std::string& key_password) {
  SSL_CTX* const ctx = context_.get();
  clear_tls_errors();
  if (SSL_CTX_use_certificate_chain_file(ctx, certificate_file.c_str()) != 1)
    return file_failed("TLS certificate", certificate_file);
  SSL_CTX_set_default_passwd_cb(ctx, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(ctx, const_cast<std::string*>(&key_password));
  const int loaded = SSL_CTX_use_PrivateKey_file(ctx, key_file.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_set_default_passwd_cb_userdata(ctx, nullptr);
  SSL_CTX_set_default_passwd_cb(ctx, nullptr);
  if (loaded != 1) return file_failed("TLS key", key_file);
  if (SSL_CTX_check_private_key(ctx) != 1) return file_failed("TLS key", key_file);
  return {};
}

Result<> TlsContext::trust(const std::string& file) {
  clear_tls_errors();
  if (file.empty()) {
    SSL_CTX_set_default_verify_paths(context_.get());
    return {};
  }
  if (SSL_CTX_load_verify_file(context_.get(), file.c_str()) != 1)
    return file_failed("TLS trusted certificates", file);
  return {};
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(const TlsServerOptions& options) {
  std::shared_ptr<TlsContext> made(new TlsContext(true));
  if (options.certificate_file.empty() != options.key_file.empty())
    return fail(Errc::config, "TLS: the certificate and its key must be given together");
  if (options.certificate_file.empty())
    use_self_signed(made->native());
  else
    BOLIDE_CHECK(
        made->use_identity(options.certificate_file, options.key_file, options.key_password));

  int mode = SSL_VERIFY_NONE;
  if (options.client_auth != TlsClientAuth::none) mode = SSL_VERIFY_PEER;
  if (options.client_auth == TlsClientAuth::required) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  if (!options.trusted_file.empty()) BOLIDE_CHECK(made->trust(options.trusted_file));
  SSL_CTX_set_verify(made->native(), mode, options.trusted_file.empty() ? accept_any : nullptr);
  return made;
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const TlsClientOptions& options) {
  std::shared_ptr<TlsContext> made(new TlsContext(false));
  if (!options.certificate_file.empty())
    BOLIDE_CHECK(
        made->use_identity(options.certificate_file, options.key_file, options.key_password));
  if (options.verify) BOLIDE_CHECK(made->trust(options.trusted_file));
  made->verifies_name_ = options.verify;
  SSL_CTX_set_verify(made->native(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  return made;
}

}  // namespace bolide::net
