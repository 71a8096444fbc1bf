#ifndef RINGPEER_TESTS_SUPPORT_SANITIZER_SANITIZER_H_
#define RINGPEER_TESTS_SUPPORT_SANITIZER_SANITIZER_H_

// Under which sanitizer a test is built, 1 or 0: g++ says so by macros, clang by features.

#if defined(__SANITIZE_ADDRESS__)
#define RINGPEER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RINGPEER_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef RINGPEER_ADDRESS_SANITIZER
#define RINGPEER_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__)
#define RINGPEER_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RINGPEER_THREAD_SANITIZER 1
#endif
#endif
#ifndef RINGPEER_THREAD_SANITIZER
#define RINGPEER_THREAD_SANITIZER 0
#endif

#endif  // RINGPEER_TESTS_SUPPORT_SANITIZER_SANITIZER_H_
