// msgpack-cxx on the same values: its packer, and its dynamic msgpack::object tree. A
// Vector3 is an array of three.

#include <benchmark/benchmark.h>

#include <vector>

#include <msgpack.hpp>

#include "ringpeer/bench/codec/codec_values.h"
#include "ringpeer/bench/codec/measure.h"

namespace ringpeer::bench {
namespace {

using Packer = msgpack::packer<msgpack::sbuffer>;

void pack_message(Packer* packer) {
  const Message message;
  packer->pack_map(4);
  packer->pack("t");
  packer->pack(message.t);
  packer->pack("id");
  packer->pack(message.id);
  packer->pack("pos");
  packer->pack(message.pos);
  packer->pack("vel");
  packer->pack(message.vel);
}

// The packer takes the values where they are: no tree is walked, which is less than
// what every encoder of dynamic values does.
void pack_values(Packer* packer, Case which, const std::vector<std::uint8_t>& bytes,
                 const std::vector<float>& floats) {
  switch (which) {
    case Case::INT:
      packer->pack(kInt);
      break;
    case Case::MESSAGE:
      pack_message(packer);
      break;
    case Case::MESSAGES:
      packer->pack_array(kMessages);
      for (std::size_t i = 0; i < kMessages; ++i) pack_message(packer);
      break;
    case Case::BYTES:
      packer->pack_bin(static_cast<std::uint32_t>(bytes.size()));
      packer->pack_bin_body(reinterpret_cast<const char*>(bytes.data()),
                            static_cast<std::uint32_t>(bytes.size()));
      break;
    case Case::FLOATS:
      packer->pack(floats);
      break;
  }
}

msgpack::sbuffer packed(Case which) {
  msgpack::sbuffer buffer;
  Packer packer(buffer);
  pack_values(&packer, which, byte_values(), float_values());
  return buffer;
}

auto prepare_encode_typed(Case which) {
  auto buffer = std::make_shared<msgpack::sbuffer>();
  return [buffer, which, bytes = byte_values(), floats = float_values()] {
    buffer->clear();
    Packer packer(*buffer);
    pack_values(&packer, which, bytes, floats);
    benchmark::DoNotOptimize(buffer->data());
    return buffer->size();
  };
}

// The like of encoding a Variant: a dynamic tree is walked.
auto prepare_encode_object(Case which) {
  const msgpack::sbuffer source = packed(which);
  auto handle =
      std::make_shared<msgpack::object_handle>(msgpack::unpack(source.data(), source.size()));
  auto buffer = std::make_shared<msgpack::sbuffer>();
  return [handle, buffer] {
    buffer->clear();
    msgpack::pack(*buffer, handle->get());
    benchmark::DoNotOptimize(buffer->data());
    return buffer->size();
  };
}

auto prepare_decode(Case which) {
  auto buffer = std::make_shared<msgpack::sbuffer>(packed(which));
  return [buffer] {
    msgpack::object_handle handle = msgpack::unpack(buffer->data(), buffer->size());
    benchmark::DoNotOptimize(handle.get());
    return buffer->size();
  };
}

bool register_all() {
  for (const Case which : kCases) {
    measure("encode", which, "msgpack_packer", prepare_encode_typed);
    measure("encode", which, "msgpack_object", prepare_encode_object);
    measure("decode_owning", which, "msgpack_object", prepare_decode);
  }
  return true;
}

[[maybe_unused]] const bool registered = register_all();

}  // namespace
}  // namespace ringpeer::bench
