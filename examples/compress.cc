// SPDX-License-Identifier: Apache-2.0
//
// Compresses bodies above a size; consumers get them as they were sent.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  bolide::ProducerOptions options{.compression = bolide::Compression::zstd,
                                  .compress_above_bytes = 1024};
  auto producer = bolide::Producer::start(client, options).value();
  auto sent =
      producer.send({.topic = "example-compress", .body = std::string(1 << 20, 'x')}).value();

  auto stored = bolide::Admin(client).message_by_offset_id(sent.offset_id).value();
  std::cout << stored.body.size() << " bytes came back\n";
}
