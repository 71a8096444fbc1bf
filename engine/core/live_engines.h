#ifndef RINGPEER_ENGINE_CORE_LIVE_ENGINES_H_
#define RINGPEER_ENGINE_CORE_LIVE_ENGINES_H_

#include <memory>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/base/mutex.h"

namespace ringpeer {

class Engine;

// The engines of this process, so that what they have queued is sent when it exits, and which
// of them is shared.
//
// The first engine registers a handler with std::atexit and std::at_quick_exit. Statics that
// were there before it are destroyed after the handler has run: their puts are refused then.
// An engine that is made so late registers another.
//
// Threads: any. The locks are held during fork(), so that a child finds them free.
class LiveEngines {
 public:
  static LiveEngines& of_process();
  LiveEngines(const LiveEngines&) = delete;
  LiveEngines& operator=(const LiveEngines&) = delete;

  // Until remove(), an exit stops the engine.
  void add(Engine* engine) RINGPEER_EXCLUDES(mutex_);
  void remove(Engine* engine) RINGPEER_EXCLUDES(mutex_);

  // The engine of those who were given none, made when there is none that runs. Null, and why in
  // *error.
  std::shared_ptr<Engine> shared(Error* error) RINGPEER_EXCLUDES(shared_mutex_, mutex_);

 private:
  LiveEngines();
  static void end_all();
  void stop_all() RINGPEER_EXCLUDES(mutex_);

  base::Mutex shared_mutex_ RINGPEER_ACQUIRED_BEFORE(mutex_);
  std::weak_ptr<Engine> shared_ RINGPEER_GUARDED_BY(shared_mutex_);

  base::Mutex mutex_;
  // A list, so that nothing has to be allocated. It guards Engine::next_live_, too.
  Engine* first_ RINGPEER_GUARDED_BY(mutex_) = nullptr;
  bool has_exit_handler_ RINGPEER_GUARDED_BY(mutex_) = false;
  bool has_quick_exit_handler_ RINGPEER_GUARDED_BY(mutex_) = false;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_CORE_LIVE_ENGINES_H_
