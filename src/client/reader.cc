// SPDX-License-Identifier: Apache-2.0
//
// The public Reader.
// Runs on: any thread.  Owns: see reader.h.  Invariant: see reader.h.
#include <bolide/reader.h>

#include "client/names.h"
#include "client/reader_core.h"
#include "client/status.h"

#include <utility>

namespace bolide {

using client::to_status;

Reader::Reader(std::shared_ptr<client::ReaderCore> core) : core_(std::move(core)) {}
Reader::Reader(Reader&&) noexcept = default;

Reader& Reader::operator=(Reader&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Reader::~Reader() {
  if (core_ != nullptr) core_->close();
}

StatusOr<Reader> Reader::open(const Client& client, ReaderOptions options) {
  if (const auto valid = client::check_topic(options.topic); !valid) return to_status(valid);
  options.topic = client::wrap(client.core()->settings().name_space, options.topic);
  auto core = std::make_shared<client::ReaderCore>(client.core(), std::move(options));
  if (const auto opened = core->open(); !opened) return to_status(opened);
  return Reader(std::move(core));
}

StatusOr<std::vector<ReceivedMessage>> Reader::read(std::chrono::milliseconds timeout) {
  return client::to_status_or(core_->read(timeout));
}

}  // namespace bolide
