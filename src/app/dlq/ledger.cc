// SPDX-License-Identifier: Apache-2.0
//
// The ledger of dead letters: lines of words.
//   replay|done|discard
//   letters TOPIC QUEUE 5-9,12
//   again | to TOPIC | target TOPIC BROKER QUEUES | of OFFSET
// Runs on: any thread.  Owns: nothing.  Invariant: see ledger.h.
#include "app/dlq/ledger.h"

#include "base/strings.h"

#include <vector>

namespace bolide::app {
namespace {

using Kind = LedgerEntry::Kind;
using Words = std::vector<std::string_view>;

std::optional<Kind> kind_of(std::string_view word) {
  if (word == "replay") return Kind::replay;
  if (word == "done") return Kind::done;
  if (word == "discard") return Kind::discard;
  return std::nullopt;
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::replay: return "replay";
    case Kind::done: return "done";
    case Kind::discard: return "discard";
  }
  return "";
}

bool take_letters(const Words& words, LedgerEntry* entry) {
  if (words.size() != 4 || words[1].empty()) return false;
  const auto queue = parse_integer<std::int32_t>(words[2]);
  auto letters = OffsetSet::parse(words[3]);
  if (!queue || *queue < 0 || !letters) return false;
  entry->topic = words[1];
  entry->queue = *queue;
  entry->letters = *std::move(letters);
  return true;
}

bool take_target(const Words& words, LedgerEntry* entry) {
  if (words.size() != 4 || words[1].empty() || words[2].empty()) return false;
  const auto queues = parse_integer<std::int32_t>(words[3]);
  if (!queues || *queues <= 0) return false;
  entry->targets[std::string(words[1])] = {.broker = std::string(words[2]), .queues = *queues};
  return true;
}

bool take_line(std::string_view line, LedgerEntry* entry) {
  const Words words = split(line, ' ');
  if (words.front() == "letters") return take_letters(words, entry);
  if (words.front() == "target") return take_target(words, entry);
  if (words.front() == "again") {
    entry->again = true;
    return words.size() == 1;
  }
  if (words.size() != 2 || words[1].empty()) return false;
  if (words.front() == "to") {
    entry->to = words[1];
    return true;
  }
  const auto offset = parse_integer<std::int64_t>(words[1]);
  if (words.front() != "of" || !offset || *offset < 0) return false;
  entry->replay = *offset;
  return true;
}

}  // namespace

std::optional<LedgerEntry> LedgerEntry::parse(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto lines = split(text, '\n');
  const auto kind = kind_of(lines.front());
  if (!kind) return std::nullopt;
  LedgerEntry entry;
  entry.kind = *kind;
  for (std::size_t i = 1; i < lines.size(); ++i)
    if (!take_line(lines[i], &entry)) return std::nullopt;
  if (entry.topic.empty() || (entry.kind == Kind::done) != (entry.replay >= 0)) return std::nullopt;
  // Each letter of these is looked at by itself; what is discarded is not.
  if (entry.kind != Kind::discard && entry.letters.size() > letters_per_entry) return std::nullopt;
  return entry;
}

std::string LedgerEntry::text() const {
  std::string text(name_of(kind));
  text += "\nletters " + topic + " " + std::to_string(queue) + " " + letters.text() + "\n";
  if (again) text += "again\n";
  if (!to.empty()) text += "to " + to + "\n";
  for (const auto& [name, target] : targets)
    text += "target " + name + " " + target.broker + " " + std::to_string(target.queues) + "\n";
  if (replay >= 0) text += "of " + std::to_string(replay) + "\n";
  return text;
}

void LetterBook::apply(const LedgerEntry& entry) {
  switch (entry.kind) {
    case Kind::replay: begin(entry); break;
    case Kind::done: end(entry); break;
    case Kind::discard:
      claimed_.add(entry.letters);
      discarded_.add(entry.letters);
      break;
  }
}

void LetterBook::begin(const LedgerEntry& entry) {
  Unfinished replay{.entry = entry, .letters = {}, .handled_before = {}, .discarded_before = {}};
  for (const std::int64_t letter : entry.letters.all()) {
    if (!is_open(letter)) {
      if (!entry.again) continue;
      replay.handled_before.add(letter);
    }
    if (discarded_.contains(letter)) replay.discarded_before.add(letter);
    replay.letters.add(letter);
    claimed_.add(letter);
    discarded_.remove(letter);
  }
  unfinished_.emplace(entry.offset, std::move(replay));
}

void LetterBook::end(const LedgerEntry& entry) {
  // Told twice by two that finished the same: the first counts.
  const auto ended = unfinished_.extract(entry.replay);
  if (ended.empty()) return;
  const Unfinished& replay = ended.mapped();
  for (const std::int64_t letter : entry.letters.all()) {
    if (!replay.handled_before.contains(letter)) claimed_.remove(letter);
    if (replay.discarded_before.contains(letter)) discarded_.add(letter);
  }
}

}  // namespace bolide::app
