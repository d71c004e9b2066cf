// SPDX-License-Identifier: Apache-2.0
//
// Tests of the records of traces: they are byte for byte those of Apache's Java client 5.5.0.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/trace_record.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bolide::client {
namespace {

using Kind = TraceRecord::Kind;

// Commas for the ends of fields, a bar for that of the record.
std::string shown(std::string text) {
  std::ranges::replace(text, '\1', ',');
  std::ranges::replace(text, '\2', '|');
  return text;
}

std::string stored(std::string text) {
  std::ranges::replace(text, ',', '\1');
  std::ranges::replace(text, '|', '\2');
  return text;
}

TraceRecord record(Kind kind) {
  return {.kind = kind,
          .time_ms = 1700,
          .region = "DefaultRegion",
          .group = "g",
          .topic = "t",
          .id = "ID",
          .store_host = "127.0.0.1:10911",
          .body_bytes = 5,
          .cost_ms = 3,
          .type = TraceRecord::Type::half,
          .offset_id = "OFF",
          .success = true,
          .request_id = "REQ",
          .retries = 2,
          .code = TraceRecord::Code::failed,
          .transaction_id = "ID",
          .state = "COMMIT_MESSAGE"};
}

TEST(TraceRecord, is_written_as_java_writes_it) {
  EXPECT_EQ(shown(encode_trace(record(Kind::pub))),
            "Pub,1700,DefaultRegion,g,t,ID,null,null,127.0.0.1:10911,5,3,1,OFF,true|");
  EXPECT_EQ(shown(encode_trace(record(Kind::sub_before))),
            "SubBefore,1700,DefaultRegion,g,REQ,ID,2,null|");
  EXPECT_EQ(shown(encode_trace(record(Kind::sub_after))), "SubAfter,REQ,ID,3,true,null,4,1700,g|");
  EXPECT_EQ(shown(encode_trace(record(Kind::end_transaction))),
            "EndTransaction,1700,DefaultRegion,g,t,ID,null,null,127.0.0.1:10911,1,ID,"
            "COMMIT_MESSAGE,false|");
  EXPECT_EQ(shown(encode_trace(record(Kind::recall))), "Recall,1700,DefaultRegion,g,t,ID,true|");
  TraceRecord tagged = record(Kind::pub);
  tagged.tags = "red";
  tagged.keys = "a b";
  EXPECT_EQ(shown(encode_trace(tagged)),
            "Pub,1700,DefaultRegion,g,t,ID,red,a b,127.0.0.1:10911,5,3,1,OFF,true|");
}

TEST(TraceRecord, is_read_back) {
  for (const Kind kind :
       {Kind::pub, Kind::sub_before, Kind::sub_after, Kind::end_transaction, Kind::recall}) {
    const std::string text = encode_trace(record(kind));
    const auto all = decode_trace(text + text);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].kind, kind);
    EXPECT_EQ(all[1].id, "ID");
    EXPECT_EQ(all[1].tags, "");
    EXPECT_EQ(encode_trace(all[1]), text);
  }
}

TEST(TraceRecord, of_an_older_client_lacks_what_came_later) {
  const auto all = decode_trace(stored(
      "Pub,1700,r,g,t,ID,red,k,h:1,5,3,0,true|SubAfter,REQ,ID,3,false,k|SubBefore,1,r,g,REQ,ID,2|"
      "Pub,1700,r,g,t,ID,red,k,h:1,5,3,0,OFF,false,10.0.0.1|"));
  ASSERT_EQ(all.size(), 4U);
  EXPECT_TRUE(all[0].success);
  EXPECT_EQ(all[0].offset_id, "");
  EXPECT_EQ(all[1].keys, "k");
  EXPECT_FALSE(all[1].success);
  EXPECT_EQ(all[2].retries, 2);
  EXPECT_EQ(all[3].offset_id, "OFF");
  EXPECT_EQ(all[3].client_host, "10.0.0.1");
}

TEST(TraceRecord, that_cannot_be_read_is_passed_over) {
  EXPECT_TRUE(decode_trace("").empty());
  EXPECT_TRUE(decode_trace(stored("Pub,x,r,g,t,ID,red,k,h:1,5,3,0,true|Pub,1|Other,1|")).empty());
  EXPECT_TRUE(decode_trace(stored("Pub,1700,r,g,t,ID,red,k,h:1,5,3,7,true|")).empty());
}

}  // namespace
}  // namespace bolide::client
