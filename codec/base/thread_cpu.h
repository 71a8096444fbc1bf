#ifndef RINGPEER_CODEC_BASE_THREAD_CPU_H_
#define RINGPEER_CODEC_BASE_THREAD_CPU_H_

#include <cstdint>

namespace ringpeer::base {

// Nanoseconds that the calling thread has been on a CPU. A simulation links another one, as of
// what clock.h declares. Linux; threads: any.
std::uint64_t thread_cpu_ns();

}  // namespace ringpeer::base

#endif  // RINGPEER_CODEC_BASE_THREAD_CPU_H_
