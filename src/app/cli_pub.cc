// SPDX-License-Identifier: Apache-2.0
//
// bolide pub: messages from arguments, a file or the lines of standard input.
// Runs on: the main thread.  Owns: nothing.
// Invariant: a line is sent at once when no further one is waiting.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/output.h"
#include "client/publisher.h"
#include "os/file_system.h"

#include <fmt/core.h>

#include <istream>
#include <iterator>
#include <ostream>

namespace bolide::app {
namespace {

constexpr std::size_t batch_messages_max = 512;
constexpr std::size_t batch_bytes_max = 8U << 20U;

Result<Properties> make_properties(const PubArguments& pub) {
  Properties properties;
  if (!pub.tag.empty()) properties.emplace_back(client::property::tags, pub.tag);
  std::string keys;
  for (const std::string& key : pub.keys) keys.append(keys.empty() ? "" : " ").append(key);
  if (!keys.empty()) properties.emplace_back(client::property::keys, keys);
  for (const std::string& text : pub.properties) {
    BOLIDE_TRY(auto pair, parse_pair("--property", text));
    properties.push_back(std::move(pair));
  }
  return properties;
}

std::string result_json(const std::string& topic, const client::SendResult& result) {
  std::string text;
  JsonWriter json(text, json_style);
  json.begin_object();
  json.member("topic", topic);
  json.member("broker", result.broker);
  json.member("queue", result.queue);
  json.member("offset", result.offset);
  json.member("id", result.id);
  json.member("offset_id", result.offset_id);
  json.member("status", result.status);
  json.end_object();
  return text;
}

class Sending {
 public:
  Sending(const CommandLine& line, client::Publisher& publisher, std::ostream& out)
      : line_(line), publisher_(publisher), out_(out) {}

  void add(std::string body, const Properties& properties) {
    bytes_ += body.size();
    batch_.push_back({std::move(body), properties});
  }
  bool full() const { return batch_.size() >= batch_messages_max || bytes_ >= batch_bytes_max; }

  Result<> flush() {
    BOLIDE_TRY(const auto results, publisher_.send(batch_));
    const std::string& topic = line_.pub.topic;
    for (const client::SendResult& result : results) {
      if (line_.json) {
        out_ << result_json(topic, result) << '\n';
      } else {
        out_ << fmt::format("topic={} broker={} queue={} offset={} id={}{}\n", topic, result.broker,
                            result.queue, result.offset, result.id,
                            result.status == "ok" ? "" : " status=" + result.status);
      }
    }
    out_.flush();
    batch_.clear();
    bytes_ = 0;
    return {};
  }

 private:
  const CommandLine& line_;
  client::Publisher& publisher_;
  std::ostream& out_;
  std::vector<client::OutMessage> batch_;
  std::size_t bytes_ = 0;
};

Result<> send_lines(std::istream& in, Sending& sending, const Properties& properties) {
  std::string text;
  while (std::getline(in, text)) {
    // RocketMQ has no empty messages.
    if (!text.empty()) sending.add(text, properties);
    if (sending.full() || in.rdbuf()->in_avail() <= 0) BOLIDE_CHECK(sending.flush());
  }
  return sending.flush();
}

}  // namespace

Result<> pub_command(const CommandLine& line, Streams streams) {
  const PubArguments& pub = line.pub;
  if (!pub.file.empty() && !pub.messages.empty())
    return fail(Errc::usage, "a message is given both by --file and as an argument");
  BOLIDE_TRY(const auto properties, make_properties(pub));
  std::vector<std::string> bodies = pub.messages;
  if (pub.file == "-") {
    bodies.emplace_back(std::istreambuf_iterator<char>(streams.in),
                        std::istreambuf_iterator<char>());
  } else if (!pub.file.empty()) {
    BOLIDE_TRY(bodies.emplace_back(), os::read_file(os::posix_file_system(), pub.file));
  }
  for (const std::string& body : bodies) {
    if (body.empty()) return fail(Errc::message_invalid, "a message without a body");
  }
  BOLIDE_TRY(auto settings, client_settings(line));
  client::Connections connections(std::move(settings));
  BOLIDE_TRY(auto publisher, client::Publisher::open(connections, pub.topic, pub.queue));
  Sending sending(line, publisher, streams.out);
  if (bodies.empty()) return send_lines(streams.in, sending, properties);
  for (std::string& body : bodies) sending.add(std::move(body), properties);
  return sending.flush();
}

}  // namespace bolide::app
