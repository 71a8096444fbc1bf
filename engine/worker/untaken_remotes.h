#ifndef RINGPEER_ENGINE_WORKER_UNTAKEN_REMOTES_H_
#define RINGPEER_ENGINE_WORKER_UNTAKEN_REMOTES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ringpeer/engine/remotes/remote.h"

namespace ringpeer::worker {

// The remotes of one worker that wait to be taken, and which of them makes room when all places
// are: each stranger since there was a free place has the same chance of one (reservoir sampling;
// Vitter, "Random sampling with a reservoir", 1985). Whoever sends more often tries more often, but
// nobody keeps others out by being first, and of a million strangers a hundred or so are let in.
//
// Owns no remote; some of its own may have been taken meanwhile.
// Threads: the worker's. Nothing allocates after the constructor.
class UntakenRemotes {
 public:
  // So many may lose their places: with more of them a flood does not fill the list anyway, and
  // each that is closed is looked for among all.
  static constexpr std::size_t kMaxCandidates = 1024;

  // Throws where there is no memory.
  UntakenRemotes();

  // One that is new, and there is a place for it.
  void add(Remote* remote);
  // One that is closed.
  void forget(const Remote* remote);
  // A place was free: who knocked before is forgotten.
  void begin_again() { turned_away_ = 0; }

  // For a stranger who finds no place: whether it has the luck to get that of another.
  bool has_luck();
  // Then: the remote that loses its own, which nobody can take any more; null when all are taken.
  Remote* draw_loser();

 private:
  std::uint64_t random_below(std::uint64_t end);
  void leave_out_taken();
  Remote* take_out(std::size_t index);

  std::vector<Remote*> remotes_;
  std::uint64_t turned_away_ = 0;
  std::uint64_t random_;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_UNTAKEN_REMOTES_H_
