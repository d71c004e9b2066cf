// SPDX-License-Identifier: Apache-2.0
//
// Benchmark: decoding a send header and encoding its answer, in both serialisations.
// Runs on: the benchmark's thread.  Owns: nothing.  Invariant: none.
#include "protocols/remoting/wire/header.h"

#include <benchmark/benchmark.h>

namespace bolide::remoting {
namespace {

const ExtField send_fields[] = {{"a", "bench_group"},
                                {"b", "bench"},
                                {"c", "TBW102"},
                                {"d", "4"},
                                {"e", "0"},
                                {"f", "0"},
                                {"g", "1700000000123"},
                                {"h", "0"},
                                {"i",
                                 "UNIQ_KEY\x01"
                                 "7F000001531218B4AAC2123456780000\x02"
                                 "WAIT\x01"
                                 "true"},
                                {"j", "0"},
                                {"k", "false"},
                                {"m", "false"},
                                {"n", "broker-a"}};

void decode(benchmark::State& state) {
  const auto serialization = static_cast<Serialization>(state.range(0));
  const HeaderOut out{.code = 310, .opaque = 7, .flag = 0, .fields = send_fields};
  std::string bytes(header_bytes_max(out), '\0');
  bytes.resize(encode_header(out, serialization, 0, bytes.data()));
  Frame frame;
  Header header;
  std::string scratch;
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_frame(bytes, frame_bytes_max_default, &frame));
    benchmark::DoNotOptimize(decode_header(frame, &scratch, &header).has_value());
  }
}
BENCHMARK(decode)->ArgName("binary")->Arg(0)->Arg(1);

void encode(benchmark::State& state) {
  const ExtField fields[] = {{"msgId", "7F00000100002A9F0000000000000000"},
                             {"queueId", "0"},
                             {"queueOffset", "123456"},
                             {"MSG_REGION", "DefaultRegion"},
                             {"TRACE_ON", "true"}};
  const HeaderOut out{.code = 0, .opaque = 7, .fields = fields};
  std::string bytes(header_bytes_max(out), '\0');
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        encode_header(out, static_cast<Serialization>(state.range(0)), 0, bytes.data()));
  }
}
BENCHMARK(encode)->ArgName("binary")->Arg(0)->Arg(1);

}  // namespace
}  // namespace bolide::remoting
