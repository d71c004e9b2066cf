// SPDX-License-Identifier: Apache-2.0
//
// What it costs to judge a message by a filter expression, and to compile one.
#include "broker/filter/sql_evaluate.h"
#include "broker/filter/sql_parser.h"

#include <benchmark/benchmark.h>

#include <string>

namespace bolide::broker {
namespace {

// As a client's producer sends it.
const std::string properties =
    std::string("KEYS\001order-12345\2UNIQ_KEY\0017F00000100002A139A5512345678ABCD\2") +
    "region\001eu-west\2amount\001250\2CLUSTER\001DefaultCluster\2" +
    "MSG_REGION\001DefaultRegion\2TRACE_ON\001true\2WAIT\001true\2TAGS\001paid\2";

void judge(benchmark::State& state, std::string_view expression) {
  const auto program = compile_sql(expression).value();
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(*program, properties));
}
BENCHMARK_CAPTURE(judge, one_number, "amount > 100");
BENCHMARK_CAPTURE(judge, one_text, "region = 'eu-west'");
BENCHMARK_CAPTURE(
    judge, three_conditions,
    "amount BETWEEN 100 AND 1000 AND region IN ('us', 'eu-west', 'asia') AND TAGS = 'paid'");
BENCHMARK_CAPTURE(judge, none_there, "colour IS NOT NULL");

void compile(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(compile_sql(
        "amount BETWEEN 100 AND 1000 AND region IN ('us', 'eu-west') AND TAGS = 'paid'"));
  }
}
BENCHMARK(compile);

}  // namespace
}  // namespace bolide::broker
