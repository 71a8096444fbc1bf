// Reading any text is safe, and what is written of a value reads as what is written.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringpeer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Variant value;
  TextError text_error;
  if (str_to_var(text, &value, &text_error) != Error::OK) {
    FUZZ_CHECK(value.is_nil());
    FUZZ_CHECK(!text_error.message.empty());
    return 0;
  }
  const std::string written = var_to_str(value);
  Variant again;
  FUZZ_CHECK(str_to_var(written, &again) == Error::OK);
  const std::string second = var_to_str(again);
  if (second == written) return 0;
  // A number that a float holds exactly is written with a float's digits, and the double
  // that is nearest to those may be written with more of them. Then nothing changes any more.
  FUZZ_CHECK(str_to_var(second, &again) == Error::OK);
  FUZZ_CHECK(var_to_str(again) == second);
  return 0;
}
