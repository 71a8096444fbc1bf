#include "ringpeer/engine/worker/worker_thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cerrno>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer::worker {
namespace {

// Sleeps of the latency budget are to be precise (the default slack is 50 us).
constexpr unsigned long kTimerSlackNs = 1000;

constinit thread_local const WorkerThread* current_thread = nullptr;

void prepare_this_thread(int index, int cpu) {
  const std::string name = "ringpeer-" + std::to_string(index);
  pthread_setname_np(pthread_self(), name.c_str());
  prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
  if (cpu >= 0 && cpu < CPU_SETSIZE) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  }
}

}  // namespace

WorkerThread::~WorkerThread() { abandon(); }

int WorkerThread::start(const WorkerOptions& options, std::function<void()> main) {
  const base::MutexLock lock(mutex_);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int thread_error = 0;
  RINGPEER_TRY {
    thread_ = std::thread([this, index = options.index, cpu = options.cpu, run = std::move(main)] {
      current_thread = this;
      prepare_this_thread(index, cpu);
      run();
    });
  }
  RINGPEER_CATCH_AS(std::system_error, error) { thread_error = error.code().value(); }
  RINGPEER_CATCH(const std::bad_alloc&) { thread_error = ENOMEM; }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread_error;
}

bool WorkerThread::is_current() const { return current_thread == this; }

bool WorkerThread::is_there() const { return thread_.joinable(); }

void WorkerThread::join() { thread_.join(); }

void WorkerThread::abandon() {
  if (thread_.joinable()) thread_.detach();
}

}  // namespace ringpeer::worker
