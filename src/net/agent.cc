// SPDX-License-Identifier: Apache-2.0
//
// The loop of an agent on Asio: one turn = wait, ready handlers, mail, end-of-turn hooks.
// Runs on: its own thread or the caller's.  Owns: see agent_impl.h.
// Invariant: see agent_impl.h.
#include "net/agent.h"

#include "base/assert.h"
#include "net/agent_impl.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>

namespace bolide::net {
namespace {

// A turn ends after so many handlers even if more are ready: output must not wait for ever.
constexpr std::size_t turn_handlers_max = 256;
// A mailbox that once grew larger gives its memory back.
constexpr std::size_t mailbox_capacity_max = 4096;

int make_event() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  BOLIDE_ASSERT(fd >= 0);
  return fd;
}

}  // namespace

AgentImpl::AgentImpl(std::string name, const Clock& clock)
    : name_(std::move(name)),
      clock_(clock),
      stop_event_(context_.get_executor(), make_event()),
      stop_fd_(stop_event_.native_handle()) {
  // Never read again: the first write ends the loop for good.
  stop_event_.async_wait(StopDescriptor::wait_read, [](const boost::system::error_code&) {});
}

void AgentImpl::post(Task task) {
  {
    const std::lock_guard lock(mail_mutex_);
    mail_.push_back(std::move(task));
  }
  // Pairs with wait(): either the loop sees the mail before it blocks, or this sees it sleeping.
  has_mail_.store(true);
  if (sleeping_.load() && sleeping_.exchange(false)) boost::asio::post(context_, [] {});
}

void AgentImpl::add_hook(Hook hook, TurnPhase phase) {
  (phase == TurnPhase::work ? work_hooks_ : output_hooks_).push_back(std::move(hook));
}

Now AgentImpl::now() {
  if (!now_is_read_) {
    now_ = clock_.now();
    now_is_read_ = thread_id_.load(std::memory_order_relaxed) != std::thread::id{};
  }
  return now_;
}

std::size_t AgentImpl::wait() {
  now_is_read_ = false;
  if (repeat_) return 0;
  sleeping_.store(true);
  std::size_t ran = 0;
  if (!has_mail_.load() && !stopping_.load()) ran = context_.run_one();
  sleeping_.store(false);
  return ran;
}

bool AgentImpl::run_mail() {
  if (!has_mail_.load()) return false;
  {
    const std::lock_guard lock(mail_mutex_);
    has_mail_.store(false);
    mail_now_.swap(mail_);
  }
  for (Task& task : mail_now_) task();
  mail_now_.clear();
  if (mail_now_.capacity() > mailbox_capacity_max) std::vector<Task>().swap(mail_now_);
  return true;
}

bool AgentImpl::run_hooks() {
  bool repeat = false;
  for (Hook& hook : work_hooks_) repeat |= hook();
  for (Hook& hook : output_hooks_) repeat |= hook();
  return repeat;
}

void AgentImpl::turn() {
  std::size_t ran = wait();
  while (ran < turn_handlers_max && context_.poll_one() != 0) ++ran;
  const bool mail = run_mail();
  if (ran != 0 || mail || repeat_) repeat_ = run_hooks();
}

void AgentImpl::run() {
  thread_id_ = std::this_thread::get_id();
  while (!stopping_.load(std::memory_order_relaxed)) turn();
  now_is_read_ = false;
  thread_id_ = std::thread::id{};
}

void AgentImpl::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
    run();
  });
}

void AgentImpl::stop() {
  stopping_.store(true);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_fd_, &one, sizeof one);
}

void AgentImpl::join() {
  if (thread_.joinable()) thread_.join();
}

namespace {

// The state is shared with the handler that waits, so that a timer may go in its own task.
struct TimerState {
  TimerState(boost::asio::io_context& context, std::int64_t interval, Task work)
      : timer(context.get_executor()), interval_ms(interval), task(std::move(work)) {}

  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer;
  const std::int64_t interval_ms;  // 0: once
  Task task;
  bool cancelled = false;
};

void wait_for(const std::shared_ptr<TimerState>& state) {
  state->timer.async_wait([state](const boost::system::error_code& error) {
    if (error || state->cancelled) return;
    if (state->interval_ms > 0) {
      // From now on, not from the last expiry: a late loop must not run the task twice in a row.
      state->timer.expires_after(std::chrono::milliseconds(state->interval_ms));
      wait_for(state);
    }
    state->task();
  });
}

class TimerImpl final : public Agent::Timer {
 public:
  explicit TimerImpl(std::shared_ptr<TimerState> state) : state_(std::move(state)) {}
  ~TimerImpl() override {
    state_->cancelled = true;
    state_->timer.cancel();
  }
  TimerImpl(const TimerImpl&) = delete;
  TimerImpl& operator=(const TimerImpl&) = delete;

 private:
  std::shared_ptr<TimerState> state_;
};

std::unique_ptr<Agent::Timer> make_timer(const std::shared_ptr<TimerState>& state,
                                         std::int64_t delay_ms) {
  state->timer.expires_after(std::chrono::milliseconds(delay_ms));
  wait_for(state);
  return std::make_unique<TimerImpl>(state);
}

}  // namespace

Agent::Agent(std::string name, const Clock& clock)
    : impl_(std::make_unique<AgentImpl>(std::move(name), clock)) {}

Agent::~Agent() {
  stop();
  join();
}

void Agent::post(std::move_only_function<void()> task) {
  impl_->post(std::move(task));
}

std::unique_ptr<Agent::Timer> Agent::every(std::int64_t interval_ms,
                                           std::move_only_function<void()> task) {
  BOLIDE_ASSERT(interval_ms > 0);
  return make_timer(std::make_shared<TimerState>(impl_->context(), interval_ms, std::move(task)),
                    interval_ms);
}

std::unique_ptr<Agent::Timer> Agent::after(std::int64_t delay_ms,
                                           std::move_only_function<void()> task) {
  return make_timer(std::make_shared<TimerState>(impl_->context(), 0, std::move(task)), delay_ms);
}

void Agent::at_end_of_turn(std::move_only_function<bool()> hook, TurnPhase phase) {
  impl_->add_hook(std::move(hook), phase);
}

Now Agent::now() const {
  return impl_->now();
}
void Agent::start() {
  impl_->start();
}
void Agent::run() {
  impl_->run();
}
void Agent::stop() {
  impl_->stop();
}
void Agent::join() {
  impl_->join();
}
bool Agent::on_this_thread() const {
  return impl_->on_this_thread();
}

}  // namespace bolide::net
