// What ThreadSanitizer is told about the engine, here for the lowest room that needs it: a program
// has one such list. Empty in every other build.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

// moodycamel's queue hands a block back from consumer to producer with relaxed flags
// between a release fence and an acquire fence. That is sound, but the sanitizer does not
// model fences and takes the next element written into the block for a race.
//
// A socket is connected beside the sends of other threads, each of which says where it goes. To
// the sanitizer connect(2) writes what sendmmsg(2) reads; the kernel has a lock.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:moodycamel::ConcurrentQueue\nrace:ringpeer::net::Socket::connect\n";
}

#endif
#endif
