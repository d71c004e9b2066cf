// SPDX-License-Identifier: Apache-2.0
//
// What one record of 1 KiB costs to encode and to check.
#include "store/record.h"

#include <benchmark/benchmark.h>

#include <string>

namespace bolide::store {
namespace {

Record sample(const std::string& body) {
  Record record;
  record.body = body;
  record.topic = "orders";
  record.properties =
      std::string_view("KEYS\1k-1\2UNIQ_KEY\0017F000001000012345678\2TAGS\1a\2", 46);
  return record;
}

void encode_1k(benchmark::State& state) {
  const std::string body(1024, 'x');
  const Record record = sample(body);
  std::string into(record_size(record), '\0');
  for (auto _ : state) {
    encode_record(record, into.data());
    benchmark::DoNotOptimize(into.data());
  }
}
BENCHMARK(encode_1k);

void decode_1k_with_checksums(benchmark::State& state) {
  const std::string body(1024, 'x');
  std::string bytes(record_size(sample(body)), '\0');
  encode_record(sample(body), bytes.data());
  Record into;
  for (auto _ : state) benchmark::DoNotOptimize(decode_record(bytes, Verify::checksums, &into));
}
BENCHMARK(decode_1k_with_checksums);

}  // namespace
}  // namespace bolide::store
