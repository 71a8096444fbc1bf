#ifndef RINGPEER_ENGINE_NET_WAKEUP_H_
#define RINGPEER_ENGINE_NET_WAKEUP_H_

#include <chrono>

namespace ringpeer::net {

// An eventfd: notify() from any thread or signal handler makes descriptor()
// readable until clear(), which like wait() is the reader's. Owns its descriptor.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // False when the process is out of descriptors, say: error() is the errno.
  bool is_valid() const { return descriptor_ >= 0; }
  int error() const { return error_; }
  int descriptor() const { return descriptor_; }

  void notify() const noexcept;
  // 0 or errno: what could not be cleared is readable for good.
  int clear() const noexcept;
  // Whether both work here: notify() itself cannot tell. 0 or errno.
  int try_out() const noexcept;

  // True when notified within the time; a negative time has no end.
  bool wait(int timeout_ms) const noexcept;
  // The same for a time that counts in microseconds, whatever signals come meanwhile. Where the
  // kernel refuses such waits, it ends up to a millisecond early.
  bool wait_precisely(std::chrono::microseconds time) const noexcept;

 private:
  bool wait_roughly(std::chrono::nanoseconds time) const noexcept;

  int descriptor_;
  int error_;
};

}  // namespace ringpeer::net

#endif  // RINGPEER_ENGINE_NET_WAKEUP_H_
