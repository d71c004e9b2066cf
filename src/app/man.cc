// SPDX-License-Identifier: Apache-2.0
//
// The manual page.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"
#include "base/errors.h"

#include <fmt/core.h>

#include <map>
#include <span>
#include <string>

namespace bolide::app {
namespace {

// Text that troff leaves as it is.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    // At the start of a line these two begin a request.
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string options_text(std::span<const OptionRow> options) {
  std::string out;
  for (const OptionRow& option : options)
    out += fmt::format(".TP\n.B {}\n{}\n", plain(option_text(option)), plain(option.doc));
  return out;
}

// Exit statuses of the error table, each with the names of its errors.
std::string status_text() {
  std::map<int, std::string> statuses = {{0, "all went well"}};
  for (const ErrorRow& row : error_rows()) {
    std::string& text = statuses[row.exit_code];
    text.append(text.empty() ? "" : "; ").append(row.text);
  }
  std::string out;
  for (const auto& [status, text] : statuses)
    out += fmt::format(".TP\n.B {}\n{}\n", status, plain(text));
  return out;
}

}  // namespace

std::string man_text(std::string_view version) {
  std::string out = fmt::format(".TH BOLIDE 1 \"\" \"bolide {}\"\n.SH NAME\nbolide \\- {}\n",
                                version, plain("messaging server and its tools"));
  out += ".SH SYNOPSIS\n.B bolide\n.I COMMAND\n.RI [ OPTIONS ]\n.SH OPTIONS\n" +
         options_text(general_options());
  out += ".SS Of commands that talk to a cluster\n" + options_text(connection_options());
  out += ".SH COMMANDS\n";
  for (const CommandRow& command : commands()) {
    if (command.run == nullptr) continue;
    out += fmt::format(".SS {}\n{}\n", plain(usage_text(command)), plain(command.doc));
    out += options_text(command.options);
    if (!command.examples.empty()) out += ".PP\n.nf\n" + plain(command.examples) + "\n.fi\n";
  }
  out +=
      ".SH ENVIRONMENT\n.TP\n.B BOLIDE_NAMESRV, NAMESRV_ADDR\nname servers, where neither "
      "\\-\\-namesrv nor \\-\\-context is given\n";
  out += ".SH FILES\n.TP\n.I ~/.config/bolide/contexts.toml\ncontexts\n";
  out += ".SH EXIT STATUS\n" + status_text();
  return out;
}

}  // namespace bolide::app
