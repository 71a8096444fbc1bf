#ifndef RINGPEER_TESTS_INTERLEAVING_SITE_H_
#define RINGPEER_TESTS_INTERLEAVING_SITE_H_

namespace ringpeer::interleaving {

// A place in the source. As a default argument: the place of the call.
struct Site {
  const char* file = "";
  int line = 0;

  // std::source_location is not there for clang 14.
  static constexpr Site current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace ringpeer::interleaving

#endif  // RINGPEER_TESTS_INTERLEAVING_SITE_H_
