// SPDX-License-Identifier: Apache-2.0
//
// Signals by signalfd and a thread.
// Runs on: see signals.h.  Owns: the thread, its descriptors, the mask.  Invariant: none.
#include "os/signals.h"

#include "os/system_error.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace bolide::os {
namespace {

constexpr std::array<int, 2> write_signals = {SIGPIPE, SIGXFSZ};

void ignore(int signal, struct sigaction* before) {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(signal, &ignore, before);
}

sigset_t handled_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

void ignore_write_signals() {
  for (const int signal : write_signals) ignore(signal, nullptr);
}

WriteSignalsIgnored::WriteSignalsIgnored() {
  for (std::size_t i = 0; i < write_signals.size(); ++i) ignore(write_signals[i], &before_[i]);
}

WriteSignalsIgnored::~WriteSignalsIgnored() {
  for (std::size_t i = 0; i < write_signals.size(); ++i)
    ::sigaction(write_signals[i], &before_[i], nullptr);
}

void end_by(int signal) {
  ::raise(signal);
}

bool is_unread(int fd) {
  pollfd end{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&end, 1, 0) > 0 && (end.revents & POLLERR) != 0;
}

Result<std::unique_ptr<Signals>> Signals::start(Callback on_signal) {
  std::unique_ptr<Signals> signals(new Signals(std::move(on_signal)));
  BOLIDE_CHECK(signals->open());
  signals->thread_ = std::thread([raw = signals.get()] { raw->run(); });
  return signals;
}

Result<> Signals::open() {
  const sigset_t set = handled_signals();
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, &mask_before_); error != 0)
    return system_failure("block signals", "", error);
  masked_ = true;
  signal_fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_fd_ < 0) return system_failure("signalfd", "", errno);
  stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_fd_ < 0) return system_failure("eventfd", "", errno);
  return {};
}

void Signals::run() {
  pollfd waiting[] = {{.fd = stop_fd_, .events = POLLIN, .revents = 0},
                      {.fd = signal_fd_, .events = POLLIN, .revents = 0}};
  while (true) {
    if (::poll(waiting, 2, -1) < 0) continue;  // EINTR
    if (waiting[0].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      on_signal_(static_cast<int>(info.ssi_signo));
  }
}

Signals::~Signals() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    while (::write(stop_fd_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  if (stop_fd_ >= 0) ::close(stop_fd_);
  if (signal_fd_ >= 0) ::close(signal_fd_);
  if (masked_) ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace bolide::os
