// SPDX-License-Identifier: Apache-2.0
//
// What was given, laid over what is there.
// Runs on: the main thread.  Owns: nothing.  Invariant: see overlay.h.
#include "app/overlay.h"

#include "app/output.h"

#include <fmt/core.h>

namespace bolide::app {
namespace {

std::string value_text(const Doc& value) {
  return value.is_null() ? "none" : cell_text(&value);
}

}  // namespace

Failure Overlay::differs(const Setting& setting, const Doc::Object& values) const {
  std::string text;
  for (const auto& [broker, value] : values)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", broker, value_text(value));
  return Failure(Error{Errc::usage, fmt::format("brokers differ in '{}' of {} {}: {}", setting.name,
                                                kind_, name_, text)}
                     .fixed_by(fmt::format("say what it is to be: {}", setting.option)));
}

void Overlay::note(std::string_view setting, Doc from, Doc to) {
  changes_.add(
      Doc::object({{"setting", setting}, {"from", std::move(from)}, {"to", std::move(to)}}));
}

void Overlay::print_done(const Arguments& arguments, std::ostream& out, bool was_there) const {
  if (!was_there) return app::print_done(arguments, out, {kind_, name_, "created"});
  const Doc doc =
      Doc::object({{std::string(kind_), name_}, {"created", false}, {"changes", changes_}});
  print(arguments, out, doc, [&] {
    std::string text;
    for (const Doc& change : *changes_.elements())
      text +=
          fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", *change.find("setting")->text(),
                      value_text(*change.find("from")), value_text(*change.find("to")));
    if (text.empty()) return fmt::format("{} {} is so already: nothing changed\n", kind_, name_);
    return fmt::format("{} {} changed: {}\n", kind_, name_, text);
  });
}

Result<std::optional<bool>> either_of(const Arguments& arguments, std::string_view yes,
                                      std::string_view no) {
  if (!arguments.has(yes) && !arguments.has(no)) return std::nullopt;
  if (arguments.has(yes) && arguments.has(no))
    return fail(Errc::usage, fmt::format("{} does not go with {}", yes, no));
  return arguments.has(yes);
}

std::optional<int> number_of(const Arguments& arguments, std::string_view option) {
  if (!arguments.has(option)) return std::nullopt;
  return static_cast<int>(arguments.number(option, 0));
}

}  // namespace bolide::app
