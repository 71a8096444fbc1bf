#ifndef RINGPEER_ENGINE_WORKER_DATAGRAM_SINK_H_
#define RINGPEER_ENGINE_WORKER_DATAGRAM_SINK_H_

#include <span>

#include "ringpeer/engine/backend/datagram.h"
#include "ringpeer/engine/wait/inflow.h"
#include "ringpeer/engine/worker/delivery.h"

namespace ringpeer::worker {

// Datagrams of one socket that came one after another.
struct DatagramRun {
  std::span<const backend::Datagram> datagrams;
  std::uint64_t packets = 0;  // more than datagrams where some are trains
  std::uint64_t bytes = 0;    // of all payloads
  bool has_tails = false;     // some payloads are in two parts

  // What it would be charged with, all in all.
  std::uint64_t charge() const { return bytes + packets * packet::kRecordOverhead; }
};

// Where a worker brings the datagrams of one socket. Called on the worker's thread, from attach
// until detach has returned: so long it lives. What it cannot take it drops and counts.
class DatagramSink {
 public:
  virtual ~DatagramSink() = default;

  // Takes over one reference to the buffer for each packet of each datagram. None has a fault.
  virtual void deliver(const DatagramRun& run, Delivery& delivery) = 0;

  // After it has told a Delivery of an overrun: whether its socket is to be read again.
  virtual bool has_recovered() { return true; }

  // Makes what was delivered visible to the consumer.
  virtual void publish() = 0;

  // Wakes the consumer if it sleeps. Less often than publish(): one that shares the
  // worker's CPU takes it over at once, and sleeps again after the little there was. Whether one
  // slept.
  virtual bool notify() = 0;

  // By which the worker plans its wait; null: it knows nothing of the consumer. Constant.
  virtual wait::Inflow* inflow() { return nullptr; }

  // Whether the consumer has so much to do yet that what comes next is not urgent.
  virtual bool is_behind() const { return false; }

  // The socket reported an error of its own (an ICMP message): errno.
  virtual void on_socket_error(int error, std::uint64_t now_us) = 0;

  // Whether the worker is to call on_deadline() each time that deadline_us() has come: a protocol
  // has timers. Constant.
  virtual bool has_deadlines() const { return false; }
  // By the engine's clock; changes on the worker's thread alone, in the calls of this sink. After
  // on_deadline() it is in the future.
  static constexpr std::uint64_t kNoDeadline = UINT64_MAX;
  virtual std::uint64_t deadline_us() const { return kNoDeadline; }
  virtual void on_deadline(std::uint64_t /*now_us*/) {}

  // Work that the consumer has asked for, outside of any delivery.
  virtual void maintain() {}

  // Whether its socket was asked for control messages; constant.
  virtual bool wants_control() const { return false; }
  // Whether the worker is to call check_errors() now and then, at least each time that
  // it wakes up: the socket has an error queue. Constant.
  virtual bool wants_error_checks() const { return false; }
  virtual void check_errors(std::uint64_t /*now_us*/) {}

  // The worker has ended: nothing will be delivered any more.
  virtual void on_worker_stopped() = 0;
};

}  // namespace ringpeer::worker

#endif  // RINGPEER_ENGINE_WORKER_DATAGRAM_SINK_H_
