// SPDX-License-Identifier: Apache-2.0
//
// bolide sub: prints messages as they come, for oneself or as a member of a group.
// Runs on: the main thread; members of groups also on the library's.  Owns: nothing.
// Invariant: a message that was printed has left for the reader of standard output; a member
// acknowledges what was printed and nothing else, and leaves its group before a signal, or a reader
// who has gone, ends the program.
#include <bolide/push_consumer.h>
#include <bolide/reader.h>
#include <bolide/simple_consumer.h>

#include "app/cli.h"
#include "app/cli_client.h"
#include "app/message_text.h"
#include "app/output.h"
#include "app/time_place.h"
#include "os/clock.h"
#include "os/signals.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <span>
#include <thread>

#include <unistd.h>

namespace bolide::app {
namespace {

constexpr auto wait_interval = std::chrono::milliseconds(200);
constexpr auto stop_pause = std::chrono::milliseconds(50);
constexpr auto hand_back = std::chrono::milliseconds(1);

// The signal that ended the reading; 0: none did.
using Ended = Result<int>;

// Prints up to so many messages.
class Printer {
 public:
  Printer(const Arguments& arguments, Streams streams)
      : arguments_(arguments),
        streams_(streams),
        left_(arguments.number("--count", std::numeric_limits<std::int64_t>::max())),
        format_(arguments.text("--format")) {}

  // False: it was not printed, because there were enough or nobody reads them.
  bool print(const ReceivedMessage& message) {
    if (left_ <= 0 || !streams_.out) return false;
    --left_;
    if (arguments_.has("--format")) {
      // The format was checked before.
      streams_.out << format_message(format_, message).value_or("") << '\n';
    } else if (arguments_.format() == Format::table) {
      streams_.out << message.body << '\n';
    } else {
      print_next(arguments_, streams_.out, message_doc(message), [] { return ""; });
    }
    return true;
  }
  // False: what was printed has not all been written.
  bool flush() { return static_cast<bool>(streams_.out.flush()); }
  bool finished() const { return left_ <= 0 || !streams_.out; }
  // The signal that who reads no more would have sent, if it were not ignored.
  int signal() const { return !streams_.out && os::is_unread(STDOUT_FILENO) ? SIGPIPE : 0; }

 private:
  const Arguments& arguments_;
  Streams streams_;
  std::int64_t left_;
  std::string format_;
};

struct StartPlace {
  enum class Kind : std::uint8_t { first, last, time };
  Kind kind = Kind::last;
  std::int64_t time_ms = 0;
};

Result<StartPlace> start_of(const Arguments& arguments) {
  const std::string text = arguments.text("--from", "last");
  if (text == "first") return StartPlace{StartPlace::Kind::first};
  if (text == "last") return StartPlace{StartPlace::Kind::last};
  BOLIDE_TRY(const WallMs time_ms, parse_time_place(text, os::system_clock().now().wall_ms));
  return StartPlace{StartPlace::Kind::time, time_ms};
}

// When --wait has passed without a message, it is enough.
class Patience {
 public:
  explicit Patience(const Arguments& arguments)
      : wait_ms_(arguments.duration_ms("--wait", std::numeric_limits<std::int64_t>::max())) {}
  void refresh() { since_ms_ = now_ms(); }
  bool ended() const { return now_ms() - since_ms_ >= wait_ms_; }

 private:
  static std::int64_t now_ms() { return os::system_clock().now().steady_ms(); }
  std::int64_t wait_ms_;
  std::int64_t since_ms_ = now_ms();
};

Filter filter_of(const Arguments& arguments) {
  if (arguments.has("--sql")) return Filter::sql(arguments.text("--sql"));
  return arguments.text("--tag", "*");
}

Ended read_alone(const Arguments& arguments, const StartPlace& start, Printer& printer) {
  BOLIDE_TRY(const Client client, open_client(arguments));
  ReaderOptions options{.topic = arguments.text("TOPIC"),
                        .from_time_ms = start.time_ms,
                        .filter = filter_of(arguments)};
  if (start.kind == StartPlace::Kind::first) options.from = ReadFrom::first;
  if (start.kind == StartPlace::Kind::time) options.from = ReadFrom::time;
  if (arguments.has("--queue")) options.queue = static_cast<int>(arguments.number("--queue", 0));
  auto opened = checked(Reader::open(client, std::move(options)));
  if (!opened && opened.error().code == Errc::queue_out_of_range)
    return Failure(queue_missing(opened.error().context + ": queue " + arguments.text("--queue"),
                                 arguments.text("TOPIC")));
  BOLIDE_TRY(Reader reader, std::move(opened));
  Patience patience(arguments);
  while (!printer.finished() && !patience.ended()) {
    BOLIDE_TRY(const auto messages, checked(reader.read(wait_interval)));
    for (const ReceivedMessage& message : messages) printer.print(message);
    printer.flush();
    if (!messages.empty()) patience.refresh();
  }
  return 0;
}

// What the listener and the main thread share.
struct Sharing {
  std::mutex mutex;
  std::condition_variable changed;
  int stopped_by = 0;   // a signal
  bool ending = false;  // the consumer is being stopped
  std::size_t printed = 0;

  ConsumeResult take(std::span<const ReceivedMessage> messages, Printer& printer) {
    std::unique_lock lock(mutex);
    bool all = true;
    for (const ReceivedMessage& message : messages) all = printer.print(message) && all;
    // What could not be written is not consumed: another member gets it.
    all = printer.flush() && all;
    ++printed;
    changed.notify_all();
    if (!printer.finished()) return ConsumeResult::success;
    // What is returned after the consumer has begun to stop is committed, and nothing comes behind.
    changed.wait(lock, [&] { return ending; });
    lock.unlock();
    std::this_thread::sleep_for(stop_pause);
    return all ? ConsumeResult::success : ConsumeResult::later;
  }
  void stop(int signal) {
    const std::lock_guard lock(mutex);
    stopped_by = signal;
    changed.notify_all();
  }
};

// Until there were enough messages, or none came for too long, or a signal ends it.
void wait_for_end(const Arguments& arguments, const Printer& printer, Sharing& sharing) {
  Patience patience(arguments);
  std::unique_lock lock(sharing.mutex);
  std::size_t seen = 0;
  while (sharing.stopped_by == 0 && !printer.finished() && !patience.ended()) {
    sharing.changed.wait_for(lock, wait_interval);
    if (seen != sharing.printed) patience.refresh();
    seen = sharing.printed;
  }
  sharing.ending = true;
  sharing.changed.notify_all();
}

Ended read_as_member(const Arguments& arguments, const StartPlace& start, Printer& printer) {
  Sharing sharing;
  // A signal ends the membership in order, so that what was printed is committed.
  const os::WriteSignalsIgnored ignored;
  BOLIDE_TRY(const auto signals, os::Signals::start([&](int signal) { sharing.stop(signal); }));
  BOLIDE_TRY(const Client client, open_client(arguments));
  PushConsumerOptions options{.group = arguments.text("--group"),
                              .subscriptions = {{arguments.text("TOPIC"), filter_of(arguments)}},
                              .from_time_ms = start.time_ms,
                              .from_in_young_topics = arguments.has("--from"),
                              .concurrency = 1,
                              .trace = arguments.has("--trace")};
  if (start.kind == StartPlace::Kind::first) options.from = ConsumeFrom::first;
  if (start.kind == StartPlace::Kind::time) options.from = ConsumeFrom::time;
  options.on_messages = [&](std::span<const ReceivedMessage> messages) {
    return sharing.take(messages, printer);
  };
  BOLIDE_TRY(PushConsumer consumer, checked(PushConsumer::start(client, std::move(options))));
  wait_for_end(arguments, printer, sharing);
  BOLIDE_CHECK(checked(consumer.stop()));
  const std::lock_guard lock(sharing.mutex);
  return sharing.stopped_by != 0 ? sharing.stopped_by : printer.signal();
}

// Each message is acknowledged when it was written; what was not is handed back.
Ended pop_as_member(const Arguments& arguments, const StartPlace& start, Printer& printer) {
  std::atomic<int> stopped_by = 0;
  const os::WriteSignalsIgnored ignored;
  BOLIDE_TRY(const auto signals, os::Signals::start([&](int signal) { stopped_by = signal; }));
  BOLIDE_TRY(const Client client, open_client(arguments));
  SimpleConsumerOptions options{.group = arguments.text("--group"),
                                .subscriptions = {{arguments.text("TOPIC"), filter_of(arguments)}},
                                .await = wait_interval};
  if (start.kind == StartPlace::Kind::last) options.from = PopFrom::last;
  const std::chrono::milliseconds invisible(
      arguments.duration_ms("--invisible", options.invisible.count()));
  BOLIDE_TRY(SimpleConsumer consumer, checked(SimpleConsumer::start(client, std::move(options))));
  Patience patience(arguments);
  while (stopped_by == 0 && !printer.finished() && !patience.ended()) {
    // One at a time: what is not printed is not taken from others.
    auto received = consumer.receive(1, invisible);
    if (!received && received.status().retriable()) continue;
    BOLIDE_TRY(auto messages, checked(std::move(received)));
    for (PoppedMessage& message : messages) {
      const bool written = printer.print(message) && printer.flush();
      BOLIDE_CHECK(
          checked(written ? consumer.ack(message) : consumer.change_invisible(message, hand_back)));
    }
    if (!messages.empty()) patience.refresh();
  }
  const int signal = stopped_by;
  return signal != 0 ? signal : printer.signal();
}

Exit sub(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const StartPlace start, start_of(arguments));
  if (arguments.has("--group") && arguments.has("--queue"))
    return fail(Errc::usage, "--queue does not go with --group: members share all queues");
  if (arguments.has("--tag") && arguments.has("--sql"))
    return fail(Errc::usage, "--sql does not go with --tag: name the tag as TAGS = 'red'");
  if (arguments.has("--pop") && !arguments.has("--group"))
    return fail(Errc::usage, "--pop goes with --group: whom the messages are lent to");
  if (arguments.has("--pop") && arguments.has("--from") && start.kind != StartPlace::Kind::first)
    return Failure(Error{Errc::usage,
                         "--pop begins with the first message that is there: brokers know no other "
                         "place for a new group"}
                       .fixed_by("set where it begins: bolide group create GROUP, then "
                                 "bolide group reset GROUP TOPIC --to PLACE"));
  if (arguments.has("--trace") && (arguments.has("--pop") || !arguments.has("--group")))
    return fail(Errc::usage, "--trace goes with --group, and not with --pop");
  if (arguments.has("--invisible") && !arguments.has("--pop"))
    return fail(Errc::usage, "--invisible goes with --pop");
  // A format that is wrong is told before anything is read.
  BOLIDE_CHECK(format_message(arguments.text("--format"), ReceivedMessage{}));
  Printer printer(arguments, streams);
  const auto read = arguments.has("--pop")     ? pop_as_member
                    : arguments.has("--group") ? read_as_member
                                               : read_alone;
  BOLIDE_TRY(const int signal, read(arguments, start, printer));
  if (signal != 0) os::end_by(signal);
  return {};
}

constexpr OptionRow options[] = {
    {.names = "TOPIC", .takes = Takes::topic, .doc = "what to read", .required = true},
    {.names = "--group",
     .takes = Takes::group,
     .value = "GROUP",
     .doc =
         "as a member of this group, which goes on where it was; a new one takes all, or --from"},
    {.names = "--pop",
     .takes = Takes::flag,
     .doc = "with --group: be lent messages one by one, whoever has the queues"},
    {.names = "--invisible",
     .takes = Takes::duration,
     .value = "TIME",
     .doc = "with --pop: how long a message is lent (60s)"},
    {.names = "--trace",
     .takes = Takes::flag,
     .doc = "with --group: write into the topic of traces what was printed, for 'message trace'"},
    {.names = "--from",
     .value = "PLACE",
     .doc = "first, last, a time (2026-01-31T12:00:00Z), how long ago (15m); of a new group too "
            "(last)"},
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "stop after so many messages",
     .least = 1},
    {.names = "--wait",
     .takes = Takes::duration,
     .value = "TIME",
     .doc = "stop when no message has come for so long"},
    {.names = "--tag", .value = "TAGS", .doc = "only messages with one of these: 'red || blue'"},
    {.names = "--sql",
     .value = "CONDITION",
     .doc = "only messages whose properties fulfil this: \"amount > 100 AND region = 'eu'\""},
    {.names = "--queue",
     .takes = Takes::number,
     .value = "N",
     .doc = "only queues of this number",
     .most = 65536},
    {.names = "--format",
     .value = "FORMAT",
     .doc = "%t topic %b broker %q queue %o offset %i id %g tag %k keys %d time %p properties %s "
            "body"},
};

constexpr CommandRow rows[] = {
    {.path = "sub",
     .doc = "print messages as they come, without taking them from anyone",
     .run = sub,
     .options = options,
     .examples = "bolide sub orders --from first --count 10\n"
                 "bolide sub orders --from 15m --tag 'paid || sent' -o json\n"
                 "bolide sub orders --sql \"TAGS = 'paid' AND amount > 100\"\n"
                 "bolide sub orders --group billing --format '%d %o %s'\n"
                 "bolide sub orders --group billing --pop --count 1",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> sub_commands() {
  return rows;
}

}  // namespace bolide::app
