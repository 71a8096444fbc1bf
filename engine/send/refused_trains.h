#ifndef RINGPEER_ENGINE_SEND_REFUSED_TRAINS_H_
#define RINGPEER_ENGINE_SEND_REFUSED_TRAINS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/net/endpoint.h"
#include "ringpeer/engine/net/endpoint_hash.h"
#include "ringpeer/engine/send/send_socket.h"

namespace ringpeer::worker {

// Where no trains go for a while, because one was refused: to a destination, for the path
// to it may not take them (a tunnel's MTU, which a remote can feign), or, after several in a
// row, through a socket, for the kernel or the device may not.
//
// A refused train costs a system call, so forgetting one early, which the table does when
// it is full, is no harm.
//
// Threads: the worker's.
class RefusedTrains {
 public:
  using Clock = base::Clock;

  // Long enough that refusals cost nothing, short enough that a route that has changed has
  // its trains again soon.
  static constexpr std::chrono::seconds kPause{10};

  void record(SendSocket& socket, const net::Endpoint& destination, Clock::time_point now);

  // False while nothing is noted: then there is no need to ask.
  bool has_any() const { return has_any_; }
  void forget_old(Clock::time_point now) { has_any_ = has_any_ && now < last_until_; }
  bool applies_to(const SendSocket& socket, const net::Endpoint& destination,
                  Clock::time_point now) const;

 private:
  // More players behind narrow paths than one server sends trains to within the pause.
  static constexpr std::size_t kEntries = 1024;
  struct Entry {
    std::uint32_t fingerprint = 0;
    Clock::time_point until;
  };

  const net::EndpointHash hash_;
  std::array<Entry, kEntries> entries_;
  Clock::time_point last_until_;
  bool has_any_ = false;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_SEND_REFUSED_TRAINS_H_
