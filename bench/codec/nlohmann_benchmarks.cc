// nlohmann::json's MessagePack on the same values; a Vector3 is an array of three.

#include <benchmark/benchmark.h>

#include <vector>

#include <nlohmann/json.hpp>

#include "ringpeer/bench/codec/codec_values.h"
#include "ringpeer/bench/codec/measure.h"

namespace ringpeer::bench {
namespace {

using nlohmann::json;

json message_value() {
  const Message message;
  return {{"t", message.t}, {"id", message.id}, {"pos", message.pos}, {"vel", message.vel}};
}

json value_of(Case which) {
  switch (which) {
    case Case::INT:
      return kInt;
    case Case::MESSAGE:
      return message_value();
    case Case::MESSAGES:
      return std::vector<json>(kMessages, message_value());
    case Case::BYTES:
      return json::binary(byte_values());
    case Case::FLOATS:
      return float_values();
  }
  return {};
}

auto prepare_encode(Case which) {
  return [value = value_of(which), bytes = std::vector<std::uint8_t>()]() mutable {
    bytes.clear();
    json::to_msgpack(value, bytes);
    benchmark::DoNotOptimize(bytes.data());
    return bytes.size();
  };
}

auto prepare_decode(Case which) {
  return [bytes = json::to_msgpack(value_of(which))] {
    json value = json::from_msgpack(bytes);
    benchmark::DoNotOptimize(value);
    return bytes.size();
  };
}

bool register_all() {
  for (const Case which : kCases) {
    measure("encode", which, "nlohmann_msgpack", prepare_encode);
    measure("decode_owning", which, "nlohmann_msgpack", prepare_decode);
  }
  return true;
}

[[maybe_unused]] const bool registered = register_all();

}  // namespace
}  // namespace ringpeer::bench
