// SPDX-License-Identifier: Apache-2.0
//
// What one send header costs as JSON: read in full, and one answer header written.
// Runs on: the benchmark's thread.  Owns: nothing.  Invariant: none.
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <benchmark/benchmark.h>

#include <array>
#include <utility>

namespace bolide {
namespace {

constexpr std::string_view send_header =
    R"({"code":310,"extFields":{"a":"bench_group","b":"bench","c":"TBW102","d":"4","e":"0",)"
    R"("f":"0","g":"1700000000123","h":"0",)"
    R"("i":"UNIQ_KEY\u00017F000001531218B4AAC2123456780000\u0002WAIT\u0001true","j":"0",)"
    R"("k":"false","m":"false","n":"broker-a"},"flag":0,"language":"JAVA","opaque":100000000,)"
    R"("serializeTypeCurrentRPC":"JSON","version":485})";

struct Header {
  int code = 0;
  int flag = 0;
  int opaque = 0;
  int version = 0;
  std::string_view language;
  std::size_t count = 0;
  std::array<std::pair<std::string_view, std::string_view>, 32> fields;
};

void read_header(JsonReader& in, Header& header) {
  in.object([&](const JsonKey& key) {
    if (key == "code") {
      header.code = in.integer<int>();
    } else if (key == "extFields") {
      in.object([&](const JsonKey& name) {
        if (header.count == header.fields.size()) return in.fail("too many fields");
        header.fields[header.count++] = {name.text, in.text()};
      });
    } else if (key == "flag") {
      header.flag = in.integer<int>();
    } else if (key == "language") {
      header.language = in.text();
    } else if (key == "opaque") {
      header.opaque = in.integer<int>();
    } else if (key == "version") {
      header.version = in.integer<int>();
    }
  });
}

void send_header_is_read(benchmark::State& state) {
  std::string scratch;
  for (auto _ : state) {
    JsonReader in(send_header, {.scratch = &scratch});
    Header header;
    read_header(in, header);
    benchmark::DoNotOptimize(header);
    if (in.failed() || header.count != 13) state.SkipWithError("the header was not read");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(send_header.size()));
}
BENCHMARK(send_header_is_read);

void send_answer_is_written(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    JsonWriter to(out);
    to.begin_object();
    to.member("code", 0);
    to.key("extFields");
    to.begin_object();
    to.member("queueId", "3");
    to.member("TRACE_ON", "true");
    to.member("MSG_REGION", "DefaultRegion");
    to.member("msgId", "7F00000100002A9F0000000000000000");
    to.member("queueOffset", "1234567");
    to.end_object();
    to.member("flag", 1);
    to.member("language", "JAVA");
    to.member("opaque", 100000000);
    to.member("serializeTypeCurrentRPC", "JSON");
    to.member("version", 485);
    to.end_object();
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(send_answer_is_written);

}  // namespace
}  // namespace bolide
