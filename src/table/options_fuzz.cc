// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes everything that reads a person's text: key=value and TOML files, values and units. What is
// accepted must obey its row and survive being written and read again.
#include "table/config_file.h"
#include "table/options.h"
#include "table/options_docs.h"

#include "base/assert.h"

using namespace bolide;
using namespace bolide::table;

namespace {

void check_value(std::string_view text) {
  for (const OptionRow& row : option_rows()) {
    const auto value = parse_option_value(row, text);
    if (!value) continue;
    if (const auto* number = std::get_if<std::int64_t>(&*value)) {
      BOLIDE_ASSERT(*number >= row.min && *number <= row.max);
    }
    const auto again = parse_option_value(row, format_option_value(row, *value));
    BOLIDE_ASSERT(again && *again == *value);
  }
}

void check_load(const std::string& path, const std::string& file) {
  LoadRequest request;
  request.config_path = path;
  request.read_file = [&](const std::string&) -> Result<std::string> { return file; };
  const auto options = load_options(request);
  if (!options) {
    BOLIDE_ASSERT(!options.error().context.empty());
    return;
  }
  BOLIDE_ASSERT(!effective_json(*options).empty());
  BOLIDE_ASSERT(!effective_toml(*options).empty());
}

}  // namespace

// The first byte chooses the reader.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: check_value(text); break;
    case 1: check_load("broker.conf", text); break;
    case 2: check_load("namesrv.properties", text); break;
    default: check_load("bolide.toml", text); break;
  }
  return 0;
}
