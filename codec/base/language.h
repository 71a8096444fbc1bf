#ifndef RINGPEER_CODEC_BASE_LANGUAGE_H_
#define RINGPEER_CODEC_BASE_LANGUAGE_H_

// Included first by every public header: one error that says what to do, in place of the hundred
// that an older standard would make of them. The include is there to end the compilation.
#if defined(_MSVC_LANG) ? _MSVC_LANG <= 201703L : __cplusplus <= 201703L
#error "ringpeer needs C++20: build with -std=c++20 (Bazel: --cxxopt=-std=c++20)"
#include <ringpeer: build with -std=c++20>
#endif

#endif  // RINGPEER_CODEC_BASE_LANGUAGE_H_
