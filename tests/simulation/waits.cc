// The clock, and everything that waits without a descriptor, in simulated time. Also what is
// otherwise drawn, or looked up, outside of the process: secrets, the sockets of the machine.

#include <cerrno>
#include <list>
#include <map>
#include <utility>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/codec/base/mutex.h"
#include "ringpeer/codec/base/thread_cpu.h"
#include "ringpeer/engine/net/futex.h"
#include "ringpeer/engine/net/port_holder.h"
#include "ringpeer/engine/net/precise_sleep.h"
#include "ringpeer/engine/net/secret.h"
#include "ringpeer/engine/worker/worker_thread.h"
#include "ringpeer/tests/simulation/failure.h"
#include "ringpeer/tests/simulation/kernel.h"

namespace ringpeer {
namespace {

using simulation::Kernel;
using simulation::KernelCall;
using simulation::kNever;
using simulation::Scheduler;
using simulation::Time;

Scheduler& scheduler() { return Kernel::current().scheduler(); }

struct Sleeper {
  const void* place;
  bool is_told = false;
};

std::list<Sleeper*>& sleepers() {
  static std::list<Sleeper*> all;
  return all;
}

// Until wake_at() or the deadline; false then.
bool sleep_at(const void* place, Time deadline) {
  Sleeper sleeper{place};
  scheduler().begin_call();  // what is kept here is none of the engine's memory
  sleepers().push_back(&sleeper);
  scheduler().wait_until([&] { return sleeper.is_told; }, deadline);
  sleepers().remove(&sleeper);
  scheduler().end_call();
  return sleeper.is_told;
}

void wake_at(const void* place) {
  for (Sleeper* sleeper : sleepers()) sleeper->is_told |= sleeper->place == place;
}

}  // namespace

// ---- Time.

base::Clock::time_point base::Clock::now() noexcept {
  // What is asked for outside of a run has no time.
  return time_point(std::chrono::nanoseconds(Kernel::is_there() ? scheduler().now() : 0));
}

std::int64_t base::wall_clock_ns() { return Kernel::current().network().wall_clock_ns(); }

// Threads of the simulation take no time of their own, unless a model says otherwise.
std::uint64_t base::thread_cpu_ns() {
  return Kernel::is_there() ? static_cast<std::uint64_t>(Kernel::current().bill.spent) : 0;
}

void net::sleep_precisely(std::chrono::microseconds duration) {
  const KernelCall call;
  scheduler().sleep(std::chrono::nanoseconds(duration).count());
  call->bill.spent += call->bill.prices.timer;
}

// ---- Being woken.

bool net::wait_while_equal(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                           const Deadline& deadline) {
  const KernelCall call;
  const Time end = deadline.is_never() ? kNever : deadline.end().time_since_epoch().count();
  while (word.load(std::memory_order_acquire) == expected) {
    if (!sleep_at(&word, end)) return word.load(std::memory_order_acquire) != expected;
  }
  return true;
}

void net::wake_all(const std::atomic<std::uint32_t>& word) {
  const KernelCall call;
  wake_at(&word);
}

void base::Condition::wait(Mutex& mutex) {
  mutex.unlock();
  sleep_at(this, kNever);
  mutex.lock();
}

void base::Condition::notify_all() { wake_at(this); }

// ---- Threads of workers.

namespace {

std::map<const worker::WorkerThread*, Scheduler::ThreadNumber>& threads() {
  static std::map<const worker::WorkerThread*, Scheduler::ThreadNumber> all;
  return all;
}

}  // namespace

worker::WorkerThread::~WorkerThread() { threads().erase(this); }

int worker::WorkerThread::start(const WorkerOptions& /*options*/, std::function<void()> main) {
  const base::MutexLock lock(mutex_);
  if (Kernel::current().faults().happens(simulation::Fault::kNoThread)) return EAGAIN;
  threads()[this] = scheduler().start(std::move(main));
  return 0;
}

bool worker::WorkerThread::is_current() const {
  const auto found = threads().find(this);
  return found != threads().end() && found->second == scheduler().current();
}

bool worker::WorkerThread::is_there() const { return threads().contains(this); }

void worker::WorkerThread::join() {
  const Scheduler::ThreadNumber thread = threads().at(this);
  scheduler().wait_until([thread] { return scheduler().has_ended(thread); });
  threads().erase(this);
}

void worker::WorkerThread::abandon() { threads().erase(this); }

// ---- The rest of the machine.

void net::draw_secret(std::span<std::byte> secret) {
  static simulation::Random of_no_run(1);
  simulation::Random& random = Kernel::is_there() ? Kernel::current().random() : of_no_run;
  for (std::byte& byte : secret) byte = static_cast<std::byte>(random.next());
}

bool net::has_live_holder(const Endpoint& /*endpoint*/) { return true; }

std::vector<std::uint64_t> net::sockets_on(const Endpoint& endpoint) {
  return Kernel::current().network().sockets_on(endpoint);
}

std::uint64_t net::inode_of(const Socket& socket) {
  return Kernel::current().find_socket(socket.descriptor())->inode;
}

int net::bind_when_released(Socket& socket, const Endpoint& endpoint) {
  return socket.bind(endpoint);
}

}  // namespace ringpeer
