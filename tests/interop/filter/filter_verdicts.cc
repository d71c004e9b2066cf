// SPDX-License-Identifier: Apache-2.0
//
// What Bolide's filter says, for a judge that knows what Apache's says: one answer per line read.
//   E <hex of an expression>     ok, or refused and why
//   P <hex of properties>        yes, no, unknown or failed, by the expression before
// Runs on: its one thread.  Owns: the last expression.  Invariant: a line in, a line out.
#include "broker/filter/sql_evaluate.h"
#include "broker/filter/sql_parser.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

const char* name_of(bolide::broker::SqlVerdict verdict) {
  switch (verdict) {
    case bolide::broker::SqlVerdict::yes: return "yes";
    case bolide::broker::SqlVerdict::no: return "no";
    case bolide::broker::SqlVerdict::unknown: return "unknown";
    case bolide::broker::SqlVerdict::failed: return "failed";
  }
  return "";
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  std::shared_ptr<const bolide::broker::SqlProgram> program;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string bytes = from_hex(line.substr(std::min<std::size_t>(2, line.size())));
    if (line.starts_with('E')) {
      auto compiled = bolide::broker::compile_sql(bytes);
      program = compiled ? *compiled : nullptr;
      std::cout << (compiled ? "ok" : "refused " + compiled.error().context) << '\n';
    } else if (program) {
      std::cout << name_of(bolide::broker::evaluate(*program, bytes)) << '\n';
    } else {
      std::cout << "refused\n";
    }
  }
}
