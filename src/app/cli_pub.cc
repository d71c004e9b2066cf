// SPDX-License-Identifier: Apache-2.0
//
// bolide pub: messages from arguments, a file or the lines of standard input.
// Runs on: the main thread.  Owns: nothing.
// Invariant: receipts are printed in the order of the messages; a line is sent at once; what fails
// is told and keeps nothing else from being sent.
#include <bolide/producer.h>

#include "app/arguments.h"
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/message_lines.h"
#include "app/output.h"
#include "app/pacer.h"
#include "app/queue_choice.h"
#include "client/recall.h"
#include "os/file_system.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <istream>
#include <iterator>
#include <optional>

namespace bolide::app {
namespace {

constexpr std::size_t in_flight_max = 1024;

std::string_view state_text(SendState state) {
  switch (state) {
    case SendState::ok: return "ok";
    case SendState::flush_disk_timeout: return "flush_disk_timeout";
    case SendState::flush_replica_timeout: return "flush_replica_timeout";
    case SendState::no_replica: return "no_replica";
  }
  return "";
}

// Sends what it is given and prints the receipts as they come.
class Sending {
 public:
  // `many`: there may be more messages than one, all like `pattern`.
  Sending(const Arguments& arguments, Producer producer, Streams streams, bool many,
          const Message& pattern)
      : arguments_(arguments),
        producer_(std::move(producer)),
        streams_(streams),
        many_(many),
        waits_for_level_(std::ranges::any_of(
            pattern.properties, [](const auto& one) { return one.first == "DELAY"; })) {}

  Result<> send(Message message) {
    if (const std::optional<std::int64_t> queue = queue_asked_for(); queue) {
      BOLIDE_TRY(const QueueSelector select, queue_selector(*queue));
      waiting_.push_back(producer_.send_future(std::move(message), select));
    } else {
      waiting_.push_back(producer_.send_future(std::move(message)));
    }
    while (waiting_.size() >= in_flight_max) print_one();
    return {};
  }
  // A message that could not even be read.
  void skip(Error error) {
    collect(true);
    fail_one(std::move(error));
  }

  // Prints what has been answered; with `all`, waits for the rest.
  void collect(bool all) {
    while (!waiting_.empty()) {
      const bool ready =
          waiting_.front().wait_for(std::chrono::seconds(0)) == std::future_status::ready;
      if (!all && !ready) break;
      print_one();
    }
    streams_.out.flush();
  }

  // Waits for the rest. Errors: that of the first message that failed.
  Result<> end() {
    collect(true);
    if (!first_error_) return {};
    if (!many_) return Failure(std::move(*first_error_));
    return Failure(std::move(*first_error_)
                       .in(fmt::format("{} of {} messages were not sent", failed_, ended_)));
  }

 private:
  std::optional<std::int64_t> queue_asked_for() const {
    if (!arguments_.has("--queue")) return std::nullopt;
    return arguments_.number("--queue", 0);
  }

  // Queues of this number, of the brokers in turn.
  Result<QueueSelector> queue_selector(std::int64_t queue) {
    if (!queues_checked_) {
      BOLIDE_TRY(const Admin admin, open_admin(arguments_));
      const auto route = admin.route(arguments_.text("TOPIC"));
      if (!route.ok() && route.status().code() != Errc::topic_not_found)
        return Failure(error_of(route.status()));
      bool good = !route.ok() && queue < 4;
      if (route.ok()) {
        for (const RouteEntry& entry : *route) good = good || queue < entry.write_queues;
      }
      if (!good) {
        const std::string topic = arguments_.text("TOPIC");
        return Failure(
            queue_missing("queue " + std::to_string(queue) + " of topic " + topic, topic));
      }
      queues_checked_ = true;
    }
    return [queue, turn = turn_++](const std::vector<QueueId>& queues, const Message&) {
      return choose_queue(queues, queue, turn);
    };
  }

  void fail_one(Error error) {
    ++ended_;
    ++failed_;
    if (many_) streams_.err << "bolide: message " << ended_ << ": " << error.message() << '\n';
    if (!first_error_) first_error_ = std::move(error);
  }

  void print_one() {
    auto sent = checked(waiting_.front().get());
    waiting_.pop_front();
    if (!sent) return fail_one(std::move(sent).error());
    ++ended_;
    print(*sent);
  }

  // A message that waits has no queue and offset yet: the receipt's are those of where it waits.
  void print(const SendReceipt& receipt) {
    const std::string_view state = state_text(receipt.state);
    const std::string& handle = receipt.recall_handle;
    std::optional<std::int64_t> due_ms;
    if (!handle.empty()) {
      if (const auto place = client::RecallPlace::parse(handle)) due_ms = place->due_ms;
    }
    const bool waits = due_ms || waits_for_level_;
    Doc doc = Doc::object({{"topic", receipt.queue.topic},
                           {"broker", receipt.queue.broker},
                           {"queue", waits ? Doc() : Doc(receipt.queue.queue)},
                           {"offset", waits ? Doc() : Doc(receipt.offset)},
                           {"id", receipt.id},
                           {"offset_id", receipt.offset_id},
                           {"status", state}});
    if (due_ms) doc.add("due_ms", *due_ms);
    if (!handle.empty()) doc.add("recall_handle", handle);
    print_next(arguments_, streams_.out, doc, [&] {
      std::string text =
          fmt::format("topic={} broker={}", receipt.queue.topic, receipt.queue.broker);
      if (!waits) text += fmt::format(" queue={} offset={}", receipt.queue.queue, receipt.offset);
      if (due_ms) text += " due=" + time_text(*due_ms);
      text += " id=" + receipt.id;
      if (receipt.state != SendState::ok) text += fmt::format(" status={}", state);
      if (!handle.empty()) text += " recall_handle=" + handle;
      return text + "\n";
    });
  }

  const Arguments& arguments_;
  Producer producer_;
  Streams streams_;
  std::deque<std::future<StatusOr<SendReceipt>>> waiting_;
  const bool many_;
  const bool waits_for_level_;
  std::size_t ended_ = 0;  // messages that were stored or failed
  std::size_t failed_ = 0;
  std::optional<Error> first_error_;
  bool queues_checked_ = false;
  std::size_t turn_ = 0;
};

Result<Message> pattern_of(const Arguments& arguments) {
  Message message{.topic = arguments.text("TOPIC"),
                  .body = {},
                  .tag = arguments.text("--tag"),
                  .keys = arguments.all("--key"),
                  .ordering_key = arguments.text("--order-by"),
                  .delay = std::chrono::milliseconds(arguments.duration_ms("--delay", 0))};
  for (const std::string& text : arguments.all("--property")) {
    BOLIDE_TRY(auto pair, parse_pair("--property", text));
    message.properties.push_back(std::move(pair));
  }
  return message;
}

// One message for each line, plain or JSON.
Result<> send_lines(const Arguments& arguments, Streams streams, const Message& pattern,
                    Pacer& pacer, Sending& sending) {
  std::istream& in = streams.in;
  const bool json = arguments.text("--format", "line") == "json";
  std::int64_t left = arguments.number("--count", std::numeric_limits<std::int64_t>::max());
  std::string line;
  std::int64_t empty = 0;
  while (left > 0 && std::getline(in, line)) {
    // RocketMQ has no empty messages.
    if (line.empty()) {
      ++empty;
      continue;
    }
    Message message = pattern;
    message.body = line;
    --left;
    if (const auto read = json ? read_message_line(line, &message) : Result<>(); !read) {
      sending.skip(read.error());
      continue;
    }
    pacer.wait();
    BOLIDE_CHECK(sending.send(std::move(message)));
    // With nothing to read at once, what was read is on its way and its receipts are due.
    sending.collect(in.rdbuf()->in_avail() <= 0);
  }
  const Result<> ended = sending.end();
  if (empty > 0)
    streams.err << fmt::format("bolide: {} empty line{} skipped: messages have a body\n", empty,
                               empty == 1 ? "" : "s");
  return ended;
}

// The bodies that arguments and --file name; none: the lines of standard input.
Result<std::vector<std::string>> bodies_of(const Arguments& arguments, std::istream& in) {
  std::vector<std::string> bodies = arguments.all("MESSAGE");
  const std::vector<std::string>& files = arguments.all("--file");
  if (!files.empty() && !bodies.empty())
    return fail(Errc::usage, "a message is given both by --file and as an argument");
  for (const std::string& path : files) {
    if (path == "-") {
      bodies.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    } else {
      BOLIDE_TRY(bodies.emplace_back(), os::read_file(os::posix_file_system(), path));
    }
  }
  for (const std::string& body : bodies) {
    if (body.empty()) return fail(Errc::message_invalid, "a message without a body");
  }
  return bodies;
}

Exit pub(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Message pattern, pattern_of(arguments));
  BOLIDE_TRY(const auto bodies, bodies_of(arguments, streams.in));
  BOLIDE_TRY(const Client client, open_client(arguments));
  BOLIDE_CHECK(check_route(client, arguments.text("TOPIC")));
  ProducerOptions producing = producer_options(arguments, "BOLIDE_CLI");
  producing.trace = arguments.has("--trace");
  BOLIDE_TRY(Producer producer, checked(Producer::start(client, std::move(producing))));
  const std::int64_t count = arguments.number("--count", static_cast<std::int64_t>(bodies.size()));
  Sending sending(arguments, std::move(producer), streams, bodies.empty() || count > 1, pattern);
  Pacer pacer(static_cast<double>(arguments.number("--rate", 0)));
  if (bodies.empty()) {
    BOLIDE_CHECK(send_lines(arguments, streams, pattern, pacer, sending));
    return {};
  }
  for (std::int64_t i = 0; i < count; ++i) {
    Message message = pattern;
    message.body = bodies[static_cast<std::size_t>(i) % bodies.size()];
    pacer.wait();
    BOLIDE_CHECK(sending.send(std::move(message)));
    sending.collect(false);
  }
  BOLIDE_CHECK(sending.end());
  return {};
}

constexpr OptionRow options[] = {
    {.names = "TOPIC", .takes = Takes::topic, .doc = "where to", .required = true},
    {.names = "MESSAGE",
     .doc = "one message each; without any, each line of standard input is one",
     .many = true},
    {.names = "-f,--file",
     .takes = Takes::file,
     .value = "FILE",
     .doc = "one message: all of this file, - for standard input; may be given again",
     .many = true},
    {.names = "--format",
     .takes = Takes::choice,
     .value = "line|json",
     .doc = "lines of standard input are bodies, or what sub -o json prints (line)"},
    {.names = "--tag", .value = "TAG", .doc = "what consumers filter by"},
    {.names = "--key",
     .value = "KEY",
     .doc = "what the message is found by; may be given again",
     .many = true},
    {.names = "--property",
     .value = "NAME=VALUE",
     .doc = "a property; may be given again",
     .many = true},
    {.names = "--queue",
     .takes = Takes::number,
     .value = "N",
     .doc = "only queues of this number",
     .most = 65536},
    {.names = "--order-by",
     .value = "KEY",
     .doc = "messages of one such key stay in order, in one queue"},
    {.names = "--delay",
     .takes = Takes::duration,
     .value = "TIME",
     .doc = "consumers see it after so long; receipt: due_ms and recall_handle, queue and offset "
            "null"},
    {.names = "--trace",
     .takes = Takes::flag,
     .doc = "write into the topic of traces what became of it, for 'message trace'"},
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "send so many: the messages again and again, or so many lines",
     .least = 1},
    {.names = "--rate",
     .takes = Takes::number,
     .value = "N",
     .doc = "at most so many a second",
     .least = 1,
     .most = 10'000'000},
};

constexpr CommandRow rows[] = {
    {.path = "pub",
     .doc = "send messages",
     .run = pub,
     .options = options,
     .examples = "bolide pub orders 'an order' --tag paid --key 4711\n"
                 "journalctl -f | bolide pub logs\n"
                 "bolide pub images -f cat.png\n"
                 "bolide sub orders -o json | bolide pub copies --format json",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> pub_commands() {
  return rows;
}

}  // namespace bolide::app
