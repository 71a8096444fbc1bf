#ifndef RINGPEER_NET_WAKEUP_H_
#define RINGPEER_NET_WAKEUP_H_

namespace ringpeer::net {

// An eventfd: notify() from any thread or signal handler makes descriptor()
// readable until clear(). Owns its descriptor.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // False when the process is out of descriptors.
  bool is_valid() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  void notify() const noexcept;
  void clear() const noexcept;

  // True when notified within the time; a negative time waits for ever.
  bool wait(int timeout_ms) const noexcept;

 private:
  int descriptor_;
};

}  // namespace ringpeer::net

#endif  // RINGPEER_NET_WAKEUP_H_
