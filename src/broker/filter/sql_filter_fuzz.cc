// SPDX-License-Identifier: Apache-2.0
//
// Fuzzer: any bytes as a filter expression and, behind a line that is a mark, as the properties it
// is held against. Runs on: the fuzzer's thread.  Owns: nothing.  Invariant: none.
#include "base/assert.h"
#include "broker/filter/sql_evaluate.h"
#include "broker/filter/sql_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bolide;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view mark = "\n\n";
  const std::size_t cut = all.find(mark);
  const std::string_view expression = all.substr(0, cut);
  const std::string_view properties =
      cut == all.npos ? std::string_view{} : all.substr(cut + mark.size());
  const auto program = broker::compile_sql(expression);
  if (!program) {
    BOLIDE_ASSERT(program.error().code == Errc::subscription_invalid);
    BOLIDE_ASSERT(!program.error().context.empty());
    return 0;
  }
  BOLIDE_ASSERT((*program)->used_bytes <= expression.size());
  const broker::SqlVerdict verdict = broker::evaluate(**program, properties);
  // What was passed over has no meaning, and parentheses around the rest have none either.
  const std::string used(expression.substr(0, (*program)->used_bytes));
  const auto again = broker::compile_sql("(" + used + "\n)");
  if (!again) return 0;  // now too deep
  BOLIDE_ASSERT(broker::evaluate(**again, properties) == verdict);
  return 0;
}
