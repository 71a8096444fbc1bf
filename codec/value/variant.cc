#include "ringpeer/codec/value/variant.h"

#include <cmath>
#include <limits>

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/value/variant_tree.h"
#include "ringpeer/codec/value/variant_visit.h"

namespace ringpeer {

void Variant::copy_deep(const Variant& other) {
  HeapMemory memory;
  RINGPEER_TRY { VariantTree::copy(memory, other, this); }
  RINGPEER_CATCH(...) {  // a constructor's caller: nobody else destroys what there is
    clear();
    RINGPEER_RETHROW;
  }
}

void Variant::destroy() noexcept { VariantTree::destroy(this); }

const Variant& Variant::nil() {
  static const Variant& value = *new Variant();
  return value;
}

bool Variant::as_bool(bool fallback) const {
  if (is_bool()) return ref<bool>();
  if (is_int()) return ref<std::int64_t>() != 0;
  if (is_float()) return ref<double>() != 0;
  return fallback;
}

std::int64_t Variant::as_int(std::int64_t fallback) const {
  if (is_int()) return ref<std::int64_t>();
  if (is_bool()) return ref<bool>() ? 1 : 0;
  if (!is_float()) return fallback;
  const double value = ref<double>();
  if (std::isnan(value)) return 0;
  // 2^63 is a double, the largest int64 is not.
  constexpr double kLimit = 9223372036854775808.0;
  if (value >= kLimit) return std::numeric_limits<std::int64_t>::max();
  if (value < -kLimit) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(value);
}

double Variant::as_float(double fallback) const {
  if (is_float()) return ref<double>();
  if (is_int()) return static_cast<double>(ref<std::int64_t>());
  if (is_bool()) return ref<bool>() ? 1 : 0;
  return fallback;
}

const Variant& Variant::operator[](std::string_view key) const {
  const Variant* value = nullptr;
  if (is_dictionary()) value = ref<Dictionary>().find(key);
  if (is_object()) value = ref<Object>().find(key);
  return value == nullptr ? nil() : *value;
}

const Variant& Variant::at(std::size_t index) const {
  return is_array() ? ref<Array>().at_or_nil(index) : nil();
}

std::size_t Variant::size() const {
  return visit_variant(*this, []<typename T>(const T& value) -> std::size_t {
    if constexpr (std::is_same_v<T, StringName>) {
      return value.view().size();
    } else if constexpr (requires { value.size(); } && !std::is_same_v<T, Rect2> &&
                         !std::is_same_v<T, Rect2i>) {
      return value.size();
    } else {
      return 0;
    }
  });
}

}  // namespace ringpeer
