#ifndef RINGPEER_TOOLS_IMPAIRMENT_FATES_H_
#define RINGPEER_TOOLS_IMPAIRMENT_FATES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ringpeer/tools/impairment/impairment.h"

namespace ringpeer::tools {

// What becomes of one datagram, as far as neither time nor traffic decides it.
struct Fate {
  bool lost = false;  // then the rest means nothing
  bool duplicated = false;
  bool held_back = false;
  std::size_t size = 0;  // bytes of it that go on
  std::optional<std::size_t> turned_bit;
  std::chrono::nanoseconds delay{0};
  std::chrono::nanoseconds delay_of_copy{0};
};

// The fates of the datagrams of one client in one direction. That of the nth datagram depends on
// the seed, the client's number, the direction, n and its size alone, never on when it came; and a
// setting changes only what it is about: with more loss, those that were lost before still are (in
// bursts, other ones), and the delays of the others stay.
//
// Threads: one. Lifetime: the impairment must outlive it.
class Fates {
 public:
  Fates(const Impairment& impairment, std::uint64_t seed, std::uint64_t client,
        Direction direction);

  Fate next(std::size_t size);

 private:
  enum class Question : std::uint64_t;

  std::uint64_t random(Question question) const;
  // At least 0 and less than 1.
  double share(Question question) const;
  bool happens(Question question, double probability) const;
  bool is_lost();
  std::chrono::nanoseconds delay(Question first, Question second) const;

  const Impairment* impairment_;
  std::uint64_t key_;
  std::uint64_t index_ = 0;
  bool losing_ = false;  // within a burst
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_IMPAIRMENT_FATES_H_
