// SPDX-License-Identifier: Apache-2.0
//
// Every member of a broadcasting group gets every message: two members, one message, two receipts.
#include <bolide/bolide.h>
#include <filesystem>
#include <iostream>

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "bolide-example-broadcast";
  // Offsets of an earlier run may be those of another server. A real program keeps them.
  std::filesystem::remove_all(folder);
  auto client = bolide::Client::open().value();
  if (!bolide::Admin(client).put_topic({.name = "example-news"})) return 1;
  std::promise<std::string> got[2];
  std::vector<bolide::PushConsumer> members;
  for (int i = 0; i < 2; ++i) {
    // Offsets of a broadcasting member are its own; they are kept in a file by the client's name.
    const std::string name = "screen-" + std::to_string(i);
    auto member = bolide::Client::open({.instance = name}).value();
    auto show = [&got, i, shown = false](auto messages) mutable {
      if (!shown) got[i].set_value(messages[0].body);
      shown = true;
      return bolide::ConsumeResult::success;
    };
    bolide::PushConsumerOptions options{.group = "example-screens",
                                        .subscriptions = {{"example-news", "*"}},
                                        .on_messages = show,
                                        .model = bolide::ConsumeModel::broadcasting,
                                        .from = bolide::ConsumeFrom::first,
                                        .concurrency = 1,
                                        .offset_directory = folder / name};
    members.push_back(bolide::PushConsumer::start(member, options).value());
  }
  bolide::Producer::start(client).value().send({.topic = "example-news", .body = "sunny"}).value();
  for (auto& member : got) std::cout << member.get_future().get() << '\n';
}
