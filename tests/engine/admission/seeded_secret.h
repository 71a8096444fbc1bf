#ifndef RINGPEER_TESTS_ENGINE_ADMISSION_SEEDED_SECRET_H_
#define RINGPEER_TESTS_ENGINE_ADMISSION_SEEDED_SECRET_H_

#include <cstdint>

namespace ringpeer::test {

// A program that is linked with this takes its secrets (net::draw_secret) from a sequence of its
// own instead of the kernel's random source, so that a run is the same each time. Here it begins
// again; at first as with 1. Threads: one.
void seed_secrets(std::uint64_t seed);

}  // namespace ringpeer::test

#endif  // RINGPEER_TESTS_ENGINE_ADMISSION_SEEDED_SECRET_H_
