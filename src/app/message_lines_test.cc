// SPDX-License-Identifier: Apache-2.0
//
// Tests of messages as lines: what sub prints, pub reads.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/message_lines.h"

#include "app/message_text.h"
#include "app/output.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

ReceivedMessage sample() {
  ReceivedMessage message;
  message.topic = "t";
  message.broker = "b";
  message.queue = 2;
  message.offset = 7;
  message.properties = {{"TAGS", "red"}, {"KEYS", "k1 k2"}, {"own", "x y"}, {"TRACE_ON", "true"}};
  message.body = "line \"1\"\n";
  return message;
}

TEST(MessageLines, are_read_as_they_were_printed) {
  for (const std::string& body : {std::string("text \xC3\x9F"), std::string("\xFF\x00z", 3)}) {
    ReceivedMessage received = sample();
    received.body = body;
    Message message;
    const auto read = read_message_line(message_doc(received).json(), &message);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(message.body, body);
    EXPECT_EQ(message.tag, "red");
    EXPECT_EQ(message.keys, (std::vector<std::string>{"k1", "k2"}));
    EXPECT_EQ(message.properties, (Properties{{"own", "x y"}}));
  }
}

TEST(MessageLines, that_are_none_are_refused) {
  for (const char* line :
       {"", "text", "[]", "{}", "{\"body\":\"\"}", "{\"body_base64\":\"*\"}", "{\"body\":\"x\""}) {
    Message message;
    EXPECT_FALSE(read_message_line(line, &message)) << line;
  }
}

TEST(Formats, take_the_parts_of_a_message) {
  EXPECT_EQ(*format_message("%t/%b/%q/%o %g [%k] 100%%%n%s", sample()),
            "t/b/2/7 red [k1 k2] 100%\nline \"1\"\n");
  EXPECT_EQ(format_message("%x", sample()).error().code, Errc::usage);
  EXPECT_EQ(format_message("%", sample()).error().code, Errc::usage);
}

}  // namespace
}  // namespace bolide::app
