#ifndef RINGPEER_CODEC_BASE_THREAD_ANNOTATIONS_H_
#define RINGPEER_CODEC_BASE_THREAD_ANNOTATIONS_H_

// Says to clang what a mutex guards, so that -Wthread-safety finds an access without it (./dev lint
// makes that an error). Other compilers see nothing. What each means is in clang's documentation,
// "Thread Safety Analysis", under its name without RINGPEER_.

#if defined(__clang__)
#define RINGPEER_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define RINGPEER_THREAD_ANNOTATION(x)
#endif

// Of classes: a mutex, and what locks one for as long as it lives.
#define RINGPEER_CAPABILITY(name) RINGPEER_THREAD_ANNOTATION(capability(name))
#define RINGPEER_SCOPED_CAPABILITY RINGPEER_THREAD_ANNOTATION(scoped_lockable)

// Of members: only with the mutex locked; the second of what a pointer points to.
#define RINGPEER_GUARDED_BY(mutex) RINGPEER_THREAD_ANNOTATION(guarded_by(mutex))
#define RINGPEER_PT_GUARDED_BY(mutex) RINGPEER_THREAD_ANNOTATION(pt_guarded_by(mutex))
#define RINGPEER_ACQUIRED_BEFORE(...) RINGPEER_THREAD_ANNOTATION(acquired_before(__VA_ARGS__))

// Of functions: called with the mutex locked; or not; what lock it and unlock it.
#define RINGPEER_REQUIRES(...) RINGPEER_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define RINGPEER_EXCLUDES(...) RINGPEER_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define RINGPEER_ACQUIRE(...) RINGPEER_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RINGPEER_RELEASE(...) RINGPEER_THREAD_ANNOTATION(release_capability(__VA_ARGS__))

// Not looked at: with the reason beside it.
#define RINGPEER_NO_THREAD_SAFETY_ANALYSIS RINGPEER_THREAD_ANNOTATION(no_thread_safety_analysis)

#endif  // RINGPEER_CODEC_BASE_THREAD_ANNOTATIONS_H_
