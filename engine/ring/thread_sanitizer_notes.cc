// What ThreadSanitizer is told about this room. Empty in every other build.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

// moodycamel's queue hands a block back from consumer to producer with relaxed flags
// between a release fence and an acquire fence. That is sound, but the sanitizer does not
// model fences and takes the next element written into the block for a race.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:moodycamel::ConcurrentQueue\n";
}

#endif
#endif
