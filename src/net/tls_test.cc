// SPDX-License-Identifier: Apache-2.0
//
// Tests of TLS: both modes on one port, files, verification, broken peers.
// Runs on: the test's thread and an agent.  Owns: nothing.  Invariant: waits for conditions only.
#include "net/tls.h"

#include "net/test_server.h"
#include "net/tls_filter.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bolide::net {
namespace {

using test::Client;
using test::eventually;
using test::frame;
using test::TestServer;

class TlsFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "bolide-tls-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    // The self-signed identity of a server that was given none, for localhost and 127.0.0.1.
    const auto made = TlsContext::server({});
    ASSERT_TRUE(made);
    certificate_ = directory_ + "/cert.pem";
    key_ = directory_ + "/key.pem";
    BIO* const certificate = BIO_new_file(certificate_.c_str(), "w");
    PEM_write_bio_X509(certificate, SSL_CTX_get0_certificate((*made)->native()));
    BIO_free(certificate);
    BIO* const key = BIO_new_file(key_.c_str(), "w");
    PEM_write_bio_PrivateKey(key, SSL_CTX_get0_privatekey((*made)->native()), nullptr, nullptr, 0,
                             nullptr, nullptr);
    BIO_free(key);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  std::string directory_;
  std::string certificate_;
  std::string key_;
};

ListenOptions tls_options(TlsMode mode, const TlsServerOptions& files = {}) {
  ListenOptions options;
  options.tls_mode = mode;
  auto context = TlsContext::server(files);
  EXPECT_TRUE(context) << context.error().context;
  options.tls = *context;
  return options;
}

std::shared_ptr<TlsContext> client_context(const TlsClientOptions& options) {
  auto context = TlsContext::client(options);
  EXPECT_TRUE(context);
  return *context;
}

// Sends `request` and gathers as many bytes back.
class Caller final : public Session {
 public:
  Caller(Connection& connection, const std::string& request, std::promise<std::string>& answer)
      : size_(request.size()), answer_(answer) {
    EXPECT_TRUE(connection.encrypted());
    connection.write(request);
  }
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    if (bytes.size() < size_) return 0;
    answer_.set_value(std::string(bytes));
    return bytes.size();
  }
  void on_closed() override {}

 private:
  const std::size_t size_;
  std::promise<std::string>& answer_;
};

SessionFactory unreachable() {
  return [](Connection&) -> std::unique_ptr<Session> {
    ADD_FAILURE() << "the handshake must fail";
    return nullptr;
  };
}

// Moves all ciphertext from one filter to the other, `step` bytes at a time.
void carry(TlsFilter& from, TlsFilter& to, std::size_t step) {
  BlockPool pool;
  OutputQueue queue(pool);
  from.take(queue);
  while (queue.pending() > 0) {
    const std::string_view piece = queue.front().substr(0, step);
    to.feed(piece);
    queue.consume(piece.size());
  }
}

TEST(Tls, carries_frames_of_all_sizes_both_ways) {
  TestServer server;
  const std::uint16_t port = server.echo(tls_options(TlsMode::enforcing));
  const auto context = client_context({.verify = false});
  std::string request;
  for (const std::size_t size : {0UL, 1UL, 16'383UL, 16'384UL, 16'385UL, 100UL, 5'000'000UL, 3UL})
    request += frame(std::string(size, static_cast<char>('a' + size % 26)));
  std::promise<std::string> answer;
  const Result<> connected = server.connect(
      port, context, [&](Connection& c) { return std::make_unique<Caller>(c, request, answer); });
  ASSERT_TRUE(connected) << connected.error().message();
  EXPECT_TRUE(answer.get_future().get() == request);
  EXPECT_EQ(server.counters.encrypted, 1);
}

TEST(Tls, serves_plain_and_encrypted_clients_on_one_port_when_permissive) {
  TestServer server;
  const std::uint16_t port = server.echo(tls_options(TlsMode::permissive));
  const Client plain(port);
  ASSERT_TRUE(plain.send(frame("plain")));
  EXPECT_EQ(plain.receive(9), frame("plain"));
  std::promise<std::string> answer;
  ASSERT_TRUE(server.connect(port, client_context({.verify = false}), [&](Connection& c) {
    return std::make_unique<Caller>(c, frame("secret"), answer);
  }));
  EXPECT_EQ(answer.get_future().get(), frame("secret"));
  EXPECT_EQ(server.counters.opened, 2);
  EXPECT_EQ(server.counters.encrypted, 1);
}

TEST(Tls, closes_a_plain_client_when_enforcing) {
  TestServer server;
  const Client plain(server.echo(tls_options(TlsMode::enforcing)));
  ASSERT_TRUE(plain.send(frame("plain")));
  EXPECT_TRUE(plain.ended());
  EXPECT_EQ(server.closed_by(CloseReason::rejected), 1U);
  EXPECT_EQ(server.counters.opened, 0);
}

TEST(Tls, closes_an_encrypted_client_when_disabled) {
  TestServer server;
  const std::uint16_t port = server.echo();
  const Result<> connected = server.connect(port, client_context({.verify = false}), unreachable());
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, Errc::connection_closed);
  EXPECT_EQ(server.closed_by(CloseReason::rejected), 1U);
}

TEST(Tls, closes_a_client_that_sends_garbage_for_a_handshake) {
  TestServer server;
  const Client client(server.echo(tls_options(TlsMode::permissive)));
  ASSERT_TRUE(client.send(std::string("\x16garbage that is no client hello at all")));
  EXPECT_TRUE(eventually([&] { return server.closed_by(CloseReason::tls) == 1; }));
  EXPECT_EQ(server.counters.opened, 0);
}

TEST(Tls, gives_up_on_a_handshake_that_takes_too_long) {
  TestServer server;
  const Client client(server.echo(tls_options(TlsMode::permissive)));
  ASSERT_TRUE(client.send("\x16"));
  EXPECT_TRUE(client.ended());  // within 5 to 6 s
  EXPECT_EQ(server.closed_by(CloseReason::tls), 1U);
}

TEST_F(TlsFiles, verifies_the_chain) {
  TestServer server;
  const std::uint16_t port = server.echo(
      tls_options(TlsMode::enforcing, {.certificate_file = certificate_, .key_file = key_}));
  std::promise<std::string> answer;
  const Result<> trusted = server.connect(
      port, client_context({.trusted_file = certificate_}),
      [&](Connection& c) { return std::make_unique<Caller>(c, frame("x"), answer); }, "localhost");
  ASSERT_TRUE(trusted) << trusted.error().message();
  EXPECT_EQ(answer.get_future().get(), frame("x"));

  const Result<> unknown = server.connect(port, client_context({}), unreachable(), "localhost");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().context.find("certificate was refused"), std::string::npos)
      << unknown.error().context;
  EXPECT_NE(unknown.error().fix().find("--tls-ca"), std::string::npos) << unknown.error().fix();
}

TEST_F(TlsFiles, asks_clients_for_a_certificate_where_it_is_required) {
  TestServer server;
  const std::uint16_t port =
      server.echo(tls_options(TlsMode::enforcing, {.certificate_file = certificate_,
                                                   .key_file = key_,
                                                   .client_auth = TlsClientAuth::required,
                                                   .trusted_file = certificate_}));
  std::promise<std::string> answer;
  ASSERT_TRUE(server.connect(
      port, client_context({.verify = false, .certificate_file = certificate_, .key_file = key_}),
      [&](Connection& c) { return std::make_unique<Caller>(c, frame("x"), answer); }));
  EXPECT_EQ(answer.get_future().get(), frame("x"));
  std::promise<std::string> never;
  (void)server.connect(port, client_context({.verify = false}), [&](Connection& c) {
    return std::make_unique<Caller>(c, frame("x"), never);  // TLS 1.3 tells the client later
  });
  EXPECT_TRUE(eventually([&] { return server.closed_by(CloseReason::tls) >= 1; }));
}

// The error of a client that asks for `name`, or nothing.
std::string handshake_error(const TlsContext& server_context, const TlsContext& client_context,
                            const std::string& name) {
  TlsFilter server(server_context, {});
  TlsFilter client(client_context, name);
  for (int i = 0; i < 10 && !client.established(); ++i) {
    if (const auto step = client.handshake(); !step) return step.error().context;
    carry(client, server, 100);
    EXPECT_TRUE(server.handshake());
    carry(server, client, 100);
  }
  EXPECT_TRUE(client.established());
  return {};
}

TEST_F(TlsFiles, verifies_the_name) {
  const auto server = TlsContext::server({.certificate_file = certificate_, .key_file = key_});
  ASSERT_TRUE(server);
  const auto client = client_context({.trusted_file = certificate_});
  EXPECT_EQ(handshake_error(**server, *client, "localhost"), "");
  EXPECT_EQ(handshake_error(**server, *client, "127.0.0.1"), "");
  EXPECT_NE(handshake_error(**server, *client, "192.0.2.1").find("IP address mismatch"),
            std::string::npos);
  EXPECT_NE(handshake_error(**server, *client, "broker.example").find("hostname mismatch"),
            std::string::npos);
}

TEST_F(TlsFiles, names_the_file_that_is_wrong) {
  const std::string garbage = write("garbage.pem", "no pem");
  struct Case {
    TlsServerOptions options;
    std::string part;
  };
  for (const Case& wrong : {Case{{.certificate_file = "/no/cert", .key_file = key_}, "/no/cert"},
                            Case{{.certificate_file = certificate_, .key_file = garbage}, garbage},
                            Case{{.certificate_file = certificate_}, "together"}}) {
    const auto context = TlsContext::server(wrong.options);
    ASSERT_FALSE(context);
    EXPECT_EQ(context.error().code, Errc::config);
    EXPECT_NE(context.error().context.find(wrong.part), std::string::npos)
        << context.error().context;
  }
}

TEST(TlsFilter, completes_a_handshake_and_closes_without_any_socket) {
  const auto server_context = TlsContext::server({});
  ASSERT_TRUE(server_context);
  TlsFilter server(**server_context, {});
  TlsFilter client(*client_context({.verify = false}), "localhost");
  for (int i = 0; i < 10 && !(server.established() && client.established()); ++i) {
    ASSERT_TRUE(client.handshake());
    carry(client, server, 1);
    ASSERT_TRUE(server.handshake());
    carry(server, client, 7);
  }
  ASSERT_TRUE(server.established() && client.established());
  client.write("over the wall");
  client.shut_down();
  carry(client, server, 3);
  char memory[64];
  const auto got = server.read(memory);
  ASSERT_TRUE(got);
  EXPECT_EQ(std::string_view(memory, *got), "over the wall");
  EXPECT_EQ(*server.read(memory), 0U);
  EXPECT_TRUE(server.peer_closed());
}

}  // namespace
}  // namespace bolide::net
