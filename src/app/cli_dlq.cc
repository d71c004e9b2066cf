// SPDX-License-Identifier: Apache-2.0
//
// bolide dlq list|show|replay|discard.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_client.h"
#include "app/dlq/replay.h"
#include "app/message_text.h"
#include "app/output.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace bolide::app {
namespace {

constexpr std::int64_t shown_max = 100;
constexpr int exit_unsent = 75;  // some letters could not be sent
constexpr std::string_view give_up_option = "--give-up";

std::string letters_topic(const Arguments& arguments) {
  return std::string(dead_letter_prefix) + arguments.text("GROUP");
}

Result<bool> exists(const Admin& admin, const std::string& topic) {
  const auto route = admin.route(topic);
  if (!route.ok() && route.status().code() == Errc::topic_not_found) return false;
  BOLIDE_CHECK(checked(route.status()));
  return true;
}

// Whether there may be letters: a group that never gave up a message has no topic of them.
// Errors: group_not_found.
Result<bool> has_letters(const Client& client, const Arguments& arguments) {
  const Admin admin(client);
  BOLIDE_TRY(const bool known, exists(admin, letters_topic(arguments)));
  if (known) return true;
  BOLIDE_CHECK(checked(admin.describe_group(arguments.text("GROUP"))));
  // A broker that has just started may have told the name server of both in between.
  return exists(admin, letters_topic(arguments));
}

Exit list(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const Client client, open_client(arguments));
  const Admin admin(client);
  BOLIDE_TRY(const auto topics, checked(admin.topics()));
  Ledger ledger(client, admin);
  BOLIDE_CHECK(ledger.read());
  Doc rows = Doc::array();
  for (const TopicName& topic : topics) {
    if (!topic.name.starts_with(dead_letter_prefix)) continue;
    BOLIDE_TRY(const auto described, checked(admin.describe_topic(topic.name)));
    for (const QueueRange& range : described.queues) {
      const LetterBook& book = ledger.book(range.queue);
      const std::int64_t letters = range.next - range.first;
      const std::int64_t handled = book.claimed().count(range.first, range.next);
      const std::int64_t discarded = book.discarded().count(range.first, range.next);
      if (letters == 0 && !arguments.has("--all")) continue;
      rows.add(Doc::object({{"group", topic.name.substr(dead_letter_prefix.size())},
                            {"broker", range.queue.broker},
                            {"queue", range.queue.queue},
                            {"letters", letters},
                            {"open", letters - handled},
                            {"replayed", handled - discarded},
                            {"discarded", discarded},
                            {"unfinished", book.unfinished().size()},
                            {"last_ms", range.stored_ms}}));
    }
  }
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"GROUP", "group"},
                             {"BROKER", "broker"},
                             {"LETTERS", "letters"},
                             {"OPEN", "open"},
                             {"REPLAYED", "replayed"},
                             {"DISCARDED", "discarded"},
                             {"LAST", "last_ms", Show::time}});
  });
  return {};
}

// What became of a letter.
std::string_view state_of(const LetterBook& book, std::int64_t letter) {
  if (book.is_open(letter)) return "open";
  return book.discarded().contains(letter) ? "discarded" : "replayed";
}

Exit show(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const LetterFilter filter, LetterFilter::of(arguments));
  BOLIDE_TRY(const Client client, open_client(arguments));
  Ledger ledger(client, Admin(client));
  BOLIDE_CHECK(ledger.read());
  const std::int64_t count_max = arguments.number("--count", shown_max);
  Doc rows = Doc::array();
  const auto take = [&](ReceivedMessage&& letter) -> Result<bool> {
    const QueueId queue{.topic = letter.topic, .broker = letter.broker, .queue = letter.queue};
    const std::string_view state = state_of(ledger.book(queue), letter.offset);
    if (!filter.matches(letter) || (state != "open" && !arguments.has("--all"))) return true;
    Doc doc = message_doc(letter);
    doc.add("origin_topic", topic_of_letter(letter));
    doc.add("replays", replays_of(letter));
    doc.add("state", state);
    rows.add(std::move(doc));
    return static_cast<std::int64_t>(rows.elements()->size()) < count_max;
  };
  BOLIDE_TRY(const bool any, has_letters(client, arguments));
  if (any)
    BOLIDE_CHECK(
        read_all(client, {.topic = letters_topic(arguments), .from = ReadFrom::first}, take));
  print(arguments, streams.out, rows, [&] {
    return table_text(rows, {{"BROKER", "broker"},
                             {"OFFSET", "offset"},
                             {"DIED", "stored_ms", Show::time},
                             {"TOPIC", "origin_topic"},
                             {"TAG", "tag"},
                             {"KEYS", "keys"},
                             {"REPLAYS", "replays"},
                             {"STATE", "state"},
                             {"ID", "id"}});
  });
  return {};
}

Result<ReplayWish> wish_of(const Arguments& arguments) {
  ReplayWish wish{.topic = letters_topic(arguments), .filter = {}};
  BOLIDE_TRY(wish.filter, LetterFilter::of(arguments));
  wish.count_max = arguments.number("--count", wish.count_max);
  wish.dry_run = arguments.has("--dry-run");
  return wish;
}

std::string report_text(const ReplayReport& report, bool dry_run) {
  std::string text;
  if (report.finished > 0)
    text += fmt::format("{} letters of a replay that was cut off are there\n", report.finished);
  text += fmt::format("{} letters {}\n", report.replayed,
                      dry_run ? "would be replayed; nothing was done" : "replayed");
  const auto line = [&](std::int64_t count, std::string_view why) {
    if (count > 0) text += fmt::format("{} left alone: {}\n", count, why);
  };
  line(report.handled, "replayed or discarded before (--again replays them)");
  line(report.too_often, "replayed as often as --max-replays allows");
  line(report.nowhere,
       fmt::format("they do not say where they come from ({} names a topic)", into_option));
  line(report.failed, report.refusal);
  line(report.stuck, fmt::format("a replay of them was cut off, and cannot be finished: {} "
                                 "({} counts them as replayed)",
                                 report.stuck_by, give_up_option));
  if (report.given_up > 0)
    text += fmt::format("{} letters of a replay that was cut off count as replayed: {}\n",
                        report.given_up, report.stuck_by);
  return text;
}

Exit replay(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(ReplayWish wish, wish_of(arguments));
  wish.to = arguments.text(into_option);
  wish.rate = static_cast<double>(arguments.number("--rate", 0));
  wish.replays_max = arguments.number("--max-replays", wish.replays_max);
  wish.again = arguments.has("--again");
  wish.give_up = arguments.has(give_up_option);
  if (wish.to.starts_with(dead_letter_prefix))
    return fail(Errc::usage,
                fmt::format("{}: dead letters do not go among dead letters", into_option));
  BOLIDE_TRY(const Client client, open_client(arguments));
  Replay letters(client, wish, streams.err);
  BOLIDE_TRY(const bool any, has_letters(client, arguments));
  ReplayReport report;
  if (any) {
    BOLIDE_TRY(report, letters.run());
  }
  const Doc doc = Doc::object({{"group", arguments.text("GROUP")},
                               {"replayed", report.replayed},
                               {"finished", report.finished},
                               {"handled_before", report.handled},
                               {"replayed_too_often", report.too_often},
                               {"without_topic", report.nowhere},
                               {"failed", report.failed},
                               {"refusal", report.refusal},
                               {"stuck", report.stuck},
                               {"stuck_by", report.stuck_by},
                               {"given_up", report.given_up},
                               {"dry_run", wish.dry_run},
                               {"exactly_once", letters.is_exact()}});
  print(arguments, streams.out, doc, [&] { return report_text(report, wish.dry_run); });
  if (!letters.is_exact())
    streams.err << "bolide: this broker stores what is sent twice; that a letter is replayed once "
                   "even when this command is killed needs Bolide's\n";
  if (report.failed + report.stuck == 0) return 0;
  if (report.failed > 0 && !wish.to.empty()) {
    BOLIDE_TRY(const bool known, exists(Admin(client), wish.to));
    if (!known)
      print_error(streams.err,
                  {Errc::topic_not_found, wish.to, "create it: bolide topic create " + wish.to});
  }
  return exit_unsent;
}

Exit discard(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const ReplayWish wish, wish_of(arguments));
  BOLIDE_TRY(const Client client, open_client(arguments));
  BOLIDE_TRY(const bool any, has_letters(client, arguments));
  std::int64_t count = 0;
  if (any) {
    BOLIDE_TRY(count, discard_letters(client, wish));
  }
  const Doc doc = Doc::object(
      {{"group", arguments.text("GROUP")}, {"discarded", count}, {"dry_run", wish.dry_run}});
  print(arguments, streams.out, doc, [&] {
    return fmt::format("{} letters {}\n", count,
                       wish.dry_run ? "would be discarded; nothing was done" : "discarded");
  });
  return {};
}

constexpr OptionRow group_row{
    .names = "GROUP", .takes = Takes::group, .doc = "who gave them up", .required = true};
constexpr OptionRow list_options[] = {
    {.names = "--all", .takes = Takes::flag, .doc = "also groups whose letters are all gone"},
};

// The group, what is meant, and what else a command takes.
template <std::size_t Count>
constexpr auto letter_options(const OptionRow (&more)[Count]) {
  constexpr std::size_t filters = std::size(letter_filter_rows);
  std::array<OptionRow, 1 + filters + Count> all{};
  all[0] = group_row;
  std::ranges::copy(letter_filter_rows, all.begin() + 1);
  std::ranges::copy(more, all.begin() + 1 + filters);
  return all;
}

constexpr OptionRow show_more[] = {
    {.names = "--all", .takes = Takes::flag, .doc = "also those that were replayed or discarded"},
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "at most so many (100)",
     .least = 1},
};
constexpr OptionRow replay_more[] = {
    {.names = into_option,
     .takes = Takes::topic,
     .value = "TOPIC",
     .doc = "send the copies there, not to the letters' own topics; it must exist"},
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "at most so many",
     .least = 1},
    {.names = "--rate",
     .takes = Takes::number,
     .value = "N",
     .doc = "at most so many a second",
     .least = 1,
     .most = 1'000'000},
    {.names = "--max-replays",
     .takes = Takes::number,
     .value = "N",
     .doc = "leave alone what was replayed so often and died again (3)",
     .least = 1},
    {.names = "--again", .takes = Takes::flag, .doc = "also what was replayed or discarded before"},
    {.names = give_up_option,
     .takes = Takes::flag,
     .doc = "count letters as replayed whose replay was cut off and cannot be finished"},
    {.names = "--dry-run", .takes = Takes::flag, .doc = "count, change nothing"},
};
constexpr OptionRow discard_more[] = {
    {.names = "-n,--count",
     .takes = Takes::number,
     .value = "N",
     .doc = "at most so many",
     .least = 1},
    {.names = "--dry-run", .takes = Takes::flag, .doc = "count, change nothing"},
};
constexpr auto show_options = letter_options(show_more);
constexpr auto replay_options = letter_options(replay_more);
constexpr auto discard_options = letter_options(discard_more);

constexpr CommandRow rows[] = {
    {.path = "dlq", .doc = "dead letters: messages that a group has given up"},
    {.path = "dlq list",
     .doc = "groups with dead letters, and how many",
     .run = list,
     .options = list_options,
     .examples = "bolide dlq list",
     .connects = true},
    {.path = "dlq show",
     .doc = "the dead letters of a group",
     .run = show,
     .options = show_options,
     .examples = "bolide dlq show billing --tag paid --from 2h\n"
                 "bolide dlq show billing --all -o json",
     .connects = true},
    {.path = "dlq replay",
     .doc = "send dead letters back to their topics, each once",
     .run = replay,
     .options = replay_options,
     .examples = "bolide dlq replay billing --dry-run\n"
                 "bolide dlq replay billing --topic orders --rate 50\n"
                 "bolide dlq replay billing --key 4711 --into orders-repaired",
     .connects = true},
    {.path = "dlq discard",
     .doc = "leave dead letters out of replays; they stay stored until their time is over",
     .run = discard,
     .options = discard_options,
     .examples = "bolide dlq discard billing --tag test\n"
                 "bolide dlq discard billing --to 2d --dry-run",
     .connects = true},
};

}  // namespace

std::span<const CommandRow> dlq_commands() {
  return rows;
}

}  // namespace bolide::app
