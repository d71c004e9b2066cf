// SPDX-License-Identifier: Apache-2.0
//
// Pops of records that another program has written: longer than ours may be, and without our
// checksum.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/crc.h"
#include "base/cursor.h"
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::CoreRig;
using testing::property;

// A record as RocketMQ's broker writes it by its defaults.
std::string foreign_record(std::int64_t queue_offset, std::int64_t position,
                           std::string_view properties) {
  constexpr std::string_view topic = "orders";
  constexpr std::string_view body = "body";
  std::string bytes(91 + topic.size() + body.size() + properties.size(), '\0');
  Writer to(bytes.data(), bytes.size());
  to.u32(static_cast<std::uint32_t>(bytes.size()));
  to.u32(store::magic_v1);
  to.u32(crc32(body) & 0x7FFFFFFFU);
  to.i32(0);  // queue
  to.i32(0);  // flag
  to.i64(queue_offset);
  to.i64(position);
  to.i32(0);  // sysFlag
  to.i64(5);  // born
  to.u32(0x7F000001U);
  to.u32(1);
  to.i64(6);  // stored
  to.u32(0x7F000001U);
  to.u32(2);
  to.i32(0);  // attempts
  to.i64(0);  // of a transaction
  to.u32(static_cast<std::uint32_t>(body.size()));
  to.bytes(body);
  to.u8(static_cast<std::uint8_t>(topic.size()));
  to.bytes(topic);
  to.u16(static_cast<std::uint16_t>(properties.size()));
  to.bytes(properties);
  return bytes;
}

TEST(Popper, gives_a_record_again_that_is_longer_than_ours_may_be) {
  CoreRig rig;
  rig.put_topic("orders", 1);
  rig.send("orders", "ours");
  const std::string properties = property("k", std::string(32'760 - 3, 'v'));
  ASSERT_FALSE(store::properties_fit(properties));
  const std::int64_t position = rig.store->stats().max_position;
  {
    auto log = rig.fs.open("store/commitlog/00000000000000000000", os::OpenMode::read_write);
    ASSERT_TRUE(log);
    ASSERT_TRUE((*log)->write(static_cast<std::uint64_t>(position),
                              foreign_record(1, position, properties)));
  }
  rig.kill_and_reopen();
  ASSERT_EQ(rig.visible_end("orders"), 2);
  PopRequest request;
  request.ticket = {.sink = &rig.sink, .session = 9, .token = 1};
  request.identity = &rig.anonymous;
  request.group = "workers";
  request.topic = "orders";
  request.invisible_ms = 1'000;
  for (std::int32_t times = 0; times < 3; ++times) {
    if (times == 2) rig.kill_and_reopen();
    rig.core->pop(request);
    rig.core->end_of_turn();
    const PopResult result = std::move(rig.sink.popped.back().result);
    ASSERT_EQ(result.queues.at(0).offsets, (std::vector<std::int64_t>{0, 1})) << times;
    store::Record last;
    std::string_view bytes = result.records.back().view();
    if (times == 0) bytes.remove_prefix(bytes.size() - foreign_record(1, 0, properties).size());
    ASSERT_EQ(store::decode_record(bytes, store::Verify::checksums, &last),
              store::DecodeStatus::record);
    EXPECT_EQ(last.reconsume_times, times);
    EXPECT_EQ(last.properties, properties);
    rig.pass_ms(1'000);
  }
}

}  // namespace
}  // namespace bolide::broker
