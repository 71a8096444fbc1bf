#ifndef RINGPEER_ENGINE_WORKER_ARRIVAL_METADATA_H_
#define RINGPEER_ENGINE_WORKER_ARRIVAL_METADATA_H_

#include <cstddef>
#include <cstdint>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/net/local_address.h"
#include "ringpeer/engine/packet/packet_descriptor.h"

namespace ringpeer::worker {

struct Remote;

// What a socket's sink notes of each datagram besides its sender, when asked to.
struct ArrivalOptions {
  bool timestamps = false;       // when the kernel got it, instead of when the worker did
  bool local_addresses = false;  // which of this machine's addresses it was sent to

  bool any() const { return timestamps || local_addresses; }
};

// A descriptor's source is its sender's sockaddr; the address that the datagram was
// sent to follows at this offset, over control messages that were read by then.
inline constexpr std::size_t kLocalAddressOffset = 32;
inline constexpr std::size_t kRecordedSourceSpace = kLocalAddressOffset + sizeof(net::LocalAddress);

// Turns the kernel's times of arrival, which are the wall clock's, into the engine's: never
// later than now, and by the worker's own clock where the wall clock was set in between.
class ArrivalClock {
 public:
  // Before a run of datagrams: the engine's clock and the wall clock, read one after the other.
  void set(std::uint64_t now_us, std::int64_t wall_ns);
  void set(std::uint64_t now_us) { set(now_us, base::wall_clock_ns()); }
  std::uint32_t arrival_us(const backend::Datagram& datagram) const;

 private:
  std::uint64_t now_us_ = 0;
  std::int64_t wall_ns_ = 0;
  std::int64_t wall_ahead_us_ = 0;  // of the engine's clock
  bool was_set_ = false;            // the wall clock, since the run before
};

// Writes behind the sockaddr of a descriptor whose payload was kept with
// kRecordedSourceSpace.
void record_local_address(const backend::Datagram& datagram,
                          const packet::PacketDescriptor& descriptor);
// What was noted there; valid as long as a reference to the descriptor's buffer, as is
// recorded_remote().
net::LocalAddress recorded_local_address(const packet::PacketDescriptor& descriptor);

// In place of the sockaddr, once its sender is known: who that is.
void record_remote(const packet::PacketDescriptor& descriptor, Remote* remote);
Remote* recorded_remote(const packet::PacketDescriptor& descriptor);

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_ARRIVAL_METADATA_H_
