#ifndef RINGPEER_ENGINE_ADMISSION_ALIGNED_KEYS_H_
#define RINGPEER_ENGINE_ADMISSION_ALIGNED_KEYS_H_

#include <cstddef>
#include <memory>
#include <new>

namespace ringpeer::admission {

// An array of numbers that begins with a cache line.
//
// Threads: a plain value. Failure: the constructor throws std::bad_alloc.
template <typename Key>
class AlignedKeys {
 public:
  static constexpr std::size_t kCacheLine = 64;

  AlignedKeys(std::size_t size, Key filling) : size_(size) {
    if (size == 0) return;
    keys_.reset(static_cast<Key*>(::operator new (memory(), std::align_val_t{kCacheLine})));
    std::uninitialized_fill_n(keys_.get(), size, filling);
  }

  Key* data() { return keys_.get(); }
  const Key* data() const { return keys_.get(); }
  std::size_t memory() const { return size_ * sizeof(Key); }

 private:
  struct Delete {
    void operator()(Key* keys) const { ::operator delete (keys, std::align_val_t{kCacheLine}); }
  };

  std::size_t size_;
  std::unique_ptr<Key, Delete> keys_;
};

}  // namespace ringpeer::admission

#endif  // RINGPEER_ENGINE_ADMISSION_ALIGNED_KEYS_H_
