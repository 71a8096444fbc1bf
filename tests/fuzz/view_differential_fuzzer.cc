// The view and the owning decode agree about any bytes: the same error, or the same
// values.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "ringpeer/tests/codec/view/view_differential.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const bool allow_objects : {false, true}) {
    const std::string difference =
        ringpeer::view_differs_from_decode({data, size}, {.allow_objects = allow_objects});
    if (!difference.empty()) std::fprintf(stderr, "%s\n", difference.c_str());
    FUZZ_CHECK(difference.empty());
  }
  return 0;
}
