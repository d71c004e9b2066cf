// SPDX-License-Identifier: Apache-2.0
//
// The load of client_speed (see bolide_client.cc) by Apache's C++ client, which PyPI's package
// "rocketmq" carries as librocketmq.so. Its C functions are declared here: it has no header there.
// Runs on: the main thread and the library's.  Owns: nothing.
// Invariant: ends with an error where a message fails or has another size.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <semaphore>
#include <string>

extern "C" {
struct CProducer;
struct CPushConsumer;
struct CMessage;
struct CMessageExt;
struct CSendResult {
  int status;
  char id[256];
  long long offset;
};
struct CException {
  int error;
  int line;
  char file[512];
  char message[512];
  char type[512];
};
CMessage* CreateMessage(const char* topic);
int DestroyMessage(CMessage* message);
int SetMessageBody(CMessage* message, const char* body);
const char* GetMessageBody(CMessageExt* message);
CProducer* CreateProducer(const char* group);
int SetProducerNameServerAddress(CProducer* producer, const char* address);
int SetProducerSendMsgTimeout(CProducer* producer, int timeout_ms);
int StartProducer(CProducer* producer);
int SendMessageAsync(CProducer* producer, CMessage* message, void (*sent)(CSendResult),
                     void (*failed)(CException));
CPushConsumer* CreatePushConsumer(const char* group);
int SetPushConsumerNameServerAddress(CPushConsumer* consumer, const char* address);
int Subscribe(CPushConsumer* consumer, const char* topic, const char* expression);
int RegisterMessageCallback(CPushConsumer* consumer, int (*handle)(CPushConsumer*, CMessageExt*));
int StartPushConsumer(CPushConsumer* consumer);
}

namespace {

constexpr std::size_t body_bytes = 1024;

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Moment {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  double cpu_seconds = [] {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
  }();
};

// Its callbacks carry no argument of the caller.
std::counting_semaphore<> room(0);
std::binary_semaphore all(0);
std::atomic<long> seen = 0;
long warm_up = 0;
long wanted = 0;
Moment begin;

// The library must not be unloaded while its threads run: nothing is destroyed.
[[noreturn]] void end_with(int status) {
  std::fflush(nullptr);
  std::_Exit(status);
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  end_with(1);
}

void sent(CSendResult) {
  room.release();
}

void failed(CException why) {
  fail(why.message);
}

int handle(CPushConsumer*, CMessageExt* message) {
  if (std::strlen(GetMessageBody(message)) != body_bytes) fail("a message of another size");
  const long number = ++seen;
  if (number == warm_up) begin = Moment();
  if (number == wanted) all.release();
  return 0;
}

void send(CProducer* producer, const char* topic, long count, long in_flight) {
  const std::string body(body_bytes, 'x');
  room.release(in_flight);
  for (long i = 0; i < count; ++i) {
    room.acquire();
    CMessage* message = CreateMessage(topic);
    SetMessageBody(message, body.c_str());
    if (SendMessageAsync(producer, message, sent, failed) != 0) fail("a send was refused");
    DestroyMessage(message);
  }
  for (long i = 0; i < in_flight; ++i) room.acquire();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) fail("usage: send|consume NAME_SERVERS TOPIC COUNT WARM_UP IN_FLIGHT");
  const char* topic = argv[3];
  const long count = std::atol(argv[4]);
  warm_up = std::atol(argv[5]);
  wanted = warm_up + count;
  if (std::strcmp(argv[1], "send") == 0) {
    CProducer* producer = CreateProducer("client_speed");
    SetProducerNameServerAddress(producer, argv[2]);
    SetProducerSendMsgTimeout(producer, 60'000);
    if (StartProducer(producer) != 0) fail("the producer does not start");
    send(producer, topic, warm_up, std::atol(argv[6]));
    begin = Moment();
    send(producer, topic, count, std::atol(argv[6]));
  } else {
    CPushConsumer* consumer = CreatePushConsumer((std::string("readers-of-") + topic).c_str());
    SetPushConsumerNameServerAddress(consumer, argv[2]);
    Subscribe(consumer, topic, "*");
    RegisterMessageCallback(consumer, handle);
    if (StartPushConsumer(consumer) != 0) fail("the consumer does not start");
    all.acquire();
  }
  const Moment end;
  std::printf("%f %f\n", end.cpu_seconds - begin.cpu_seconds,
              std::chrono::duration<double>(end.at - begin.at).count());
  end_with(0);
}
