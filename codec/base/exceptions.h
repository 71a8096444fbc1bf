#ifndef RINGPEER_CODEC_BASE_EXCEPTIONS_H_
#define RINGPEER_CODEC_BASE_EXCEPTIONS_H_

// The one place of engine and codec that has the words of exceptions, so that all of both compiles
// with -fno-exceptions, too:
//
//   RINGPEER_TRY {
//     entries.reserve(more);
//   } RINGPEER_CATCH(const std::bad_alloc&) {
//     return false;
//   }
//
// Without exceptions what is tried is done, and what would be caught is never done: a refused
// allocation ends the program there. So ringpeer.bzl has this library's own sources compiled with
// exceptions, whatever the program around it is compiled with: to run out of memory within a call
// is an Error in every program. A refusal passes through inline functions that the program has
// compiled: it needs the unwind tables that compilers write unless told otherwise.

#include <cstdlib>

// NOLINTBEGIN(bugprone-macro-parentheses): types and names
#ifdef __cpp_exceptions
#define RINGPEER_TRY try
#define RINGPEER_CATCH(what) catch (what)
#define RINGPEER_CATCH_AS(type, name) catch (const type& name)
#define RINGPEER_RETHROW throw
#define RINGPEER_THROW(exception) throw exception
#else
#define RINGPEER_TRY if constexpr (true)
#define RINGPEER_CATCH(what) else if constexpr (false)
#define RINGPEER_CATCH_AS(type, name) \
  else if (const type& name = ::ringpeer::never_caught<type>(); false)
#define RINGPEER_RETHROW (void)0
#define RINGPEER_THROW(exception) std::abort()
#endif
// NOLINTEND(bugprone-macro-parentheses)

namespace ringpeer {

// Throws std::bad_alloc, of what is larger than any memory. Threads: any.
[[noreturn]] void refuse_memory();

// For RINGPEER_CATCH_AS without exceptions, in code that is discarded: there is no definition.
template <typename Exception>
const Exception& never_caught();

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_BASE_EXCEPTIONS_H_
