// Reading any text is safe, and what is written of a value reads as what is written. What is done
// with the value, keys in keys included, takes a time that grows with its size only.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/codec/support/value_operations.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"
#include "ringpeer/tests/fuzz/work_bound.h"

namespace {

// Everything that a received value goes through, if it can be sent at all.
void use(const ringpeer::Variant& value, std::size_t text_size) {
  using namespace ringpeer;
  constexpr EncodeOptions kFull = {.full_objects = true};
  std::size_t size = 0;
  if (encode_variant(value, {}, &size, kFull) != Error::OK) return;
  std::vector<std::uint8_t> bytes(size);
  if (encode_variant(value, bytes, &size, kFull) != Error::OK) return;
  const Variant other = value;
  for (const testing::ValueOperation& operation : testing::kValueOperations) {
    fuzz::check_work(operation.name, std::max(size, text_size), [&] {
      operation.run({bytes, value, other});
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringpeer;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Variant value;
  TextError text_error;
  Error error = Error::OK;
  fuzz::check_work("str_to_var", size, [&] { error = str_to_var(text, &value, &text_error); });
  if (error != Error::OK) {
    FUZZ_CHECK(value.is_nil());
    FUZZ_CHECK(!text_error.message.empty());
    return 0;
  }
  use(value, size);
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
