#include "ringpeer/engine/core/live_engines.h"

#include <pthread.h>

#include <cstdlib>

#include "ringpeer/engine.h"
#include "ringpeer/engine/worker/worker_group.h"

namespace ringpeer {
namespace {

// Made while there are no threads: whoever is forked off while another thread makes one would wait
// for that thread, which it does not have.
[[maybe_unused]] const LiveEngines& made_at_load = LiveEngines::of_process();

}  // namespace

LiveEngines& LiveEngines::of_process() {
  // Never destroyed: engines may live in objects that outlive every static.
  static auto* const engines = new LiveEngines;
  return *engines;
}

LiveEngines::LiveEngines() {
  // Locked by one function and unlocked by another, which clang cannot follow.
  constexpr auto kUnlock = []() RINGPEER_NO_THREAD_SAFETY_ANALYSIS {
    of_process().mutex_.unlock();
    of_process().shared_mutex_.unlock();
  };
  pthread_atfork(
      []() RINGPEER_NO_THREAD_SAFETY_ANALYSIS {
        of_process().shared_mutex_.lock();
        of_process().mutex_.lock();
      },
      kUnlock, kUnlock);
}

void LiveEngines::add(Engine* engine) {
  const base::MutexLock lock(mutex_);
  engine->next_live_ = first_;
  first_ = engine;
  if (!has_exit_handler_) has_exit_handler_ = std::atexit(&end_all) == 0;
  if (!has_quick_exit_handler_) has_quick_exit_handler_ = std::at_quick_exit(&end_all) == 0;
}

void LiveEngines::remove(Engine* engine) {
  const base::MutexLock lock(mutex_);
  Engine** link = &first_;
  while (*link != nullptr && *link != engine) link = &(*link)->next_live_;
  if (*link != nullptr) *link = engine->next_live_;
}

void LiveEngines::end_all() { of_process().stop_all(); }

// All at a time: each may take as long as its stop() does. Engines of a parent process refuse,
// and those without threads have nothing queued.
void LiveEngines::stop_all() {
  const base::MutexLock lock(mutex_);
  has_exit_handler_ = false;
  for (Engine* engine = first_; engine != nullptr; engine = engine->next_live_) {
    if (engine->workers() > 0) engine->workers_->begin_stop();
  }
  for (Engine* engine = first_; engine != nullptr; engine = engine->next_live_) {
    if (engine->workers() > 0) engine->stop();
  }
}

std::shared_ptr<Engine> LiveEngines::shared(Error* error) {
  const base::MutexLock lock(shared_mutex_);
  std::shared_ptr<Engine> engine = shared_.lock();
  if (engine == nullptr || !engine->is_running()) {
    engine = Engine::create(EngineOptions{}, error);
    shared_ = engine;
  }
  return engine;
}

}  // namespace ringpeer
