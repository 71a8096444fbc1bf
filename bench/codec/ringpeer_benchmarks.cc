// ringpeer's side of the comparison: encode into the pool, decode owning, decode into
// an arena, and the view with every field read.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/bench/codec/codec_values.h"
#include "ringpeer/bench/codec/measure.h"
#include "ringpeer/codec/base/error.h"
#include "ringpeer/codec/value/variant.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/arena_decode.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode_pool.h"
#include "ringpeer/codec/wire/pooled_encoding.h"

namespace ringpeer::bench {
namespace {

// Godot's default.
constexpr std::size_t kEncodeBufferMaxSize = std::size_t{8} << 20;

// A benchmark of something that failed would be a benchmark of nothing.
void require(bool worked) {
  if (!worked) std::abort();
}

Vector3 vector(const std::array<float, 3>& values) { return {values[0], values[1], values[2]}; }

Variant message_value() {
  const Message message;
  return Dictionary{{"t", message.t},
                    {"id", message.id},
                    {"pos", vector(message.pos)},
                    {"vel", vector(message.vel)}};
}

Variant value_of(Case which) {
  switch (which) {
    case Case::INT:
      return kInt;
    case Case::MESSAGE:
      return message_value();
    case Case::MESSAGES: {
      Array messages;
      for (std::size_t i = 0; i < kMessages; ++i) messages.push_back(message_value());
      return messages;
    }
    case Case::BYTES:
      return PackedByteArray(std::span<const std::uint8_t>(byte_values()));
    case Case::FLOATS:
      return PackedFloat32Array(std::span<const float>(float_values()));
  }
  return {};
}

std::vector<std::uint8_t> packet_of(Case which) {
  EncodePool pool;
  PooledEncoding encoding;
  require(encoding.encode(&pool, value_of(which), kEncodeBufferMaxSize) == Error::OK);
  return {encoding.bytes().begin(), encoding.bytes().end()};
}

auto prepare_encode(Case which) {
  auto pool = std::make_shared<EncodePool>();
  return [pool, value = value_of(which)] {
    // As put_var does: take a buffer, encode, hand over, give the buffer back.
    PooledEncoding encoding;
    require(encoding.encode(pool.get(), value, kEncodeBufferMaxSize) == Error::OK);
    benchmark::DoNotOptimize(encoding.bytes().data());
    return encoding.bytes().size();
  };
}

auto prepare_decode(Case which) {
  return [packet = packet_of(which)] {
    Variant value;
    require(decode_variant(packet, &value, nullptr) == Error::OK);
    benchmark::DoNotOptimize(value);
    return packet.size();
  };
}

auto prepare_arena(Case which) {
  auto arena = std::make_shared<VariantArena>();
  return [arena, packet = packet_of(which)] {
    const Variant* value = nullptr;
    require(arena->decode(packet, &value, nullptr) == Error::OK);
    benchmark::DoNotOptimize(value);
    arena->reset();
    return packet.size();
  };
}

template <typename Fields>
void read_message(const Fields& fields) {
  std::int64_t t = 0;
  std::int64_t id = 0;
  Vector3 pos;
  Vector3 vel;
  require(fields["t"].read(&t) && fields["id"].read(&id) && fields["pos"].read(&pos) &&
          fields["vel"].read(&vel));
  benchmark::DoNotOptimize(t);
  benchmark::DoNotOptimize(id);
  benchmark::DoNotOptimize(pos);
  benchmark::DoNotOptimize(vel);
}

void read_messages(const VariantView& value) {
  ArrayView messages;
  require(value.read(&messages));
  for (const VariantView element : messages) {
    DictionaryView fields;
    require(element.read(&fields));
    read_message(fields);
  }
}

template <typename T>
void read_value(const VariantView& value) {
  T read{};
  require(value.read(&read));
  benchmark::DoNotOptimize(read);
}

// One function a case: the loop must not contain a choice that no server makes.
template <Case which>
auto prepare_view(Case) {
  return [packet = packet_of(which), view = PacketView()]() mutable {
    require(view.parse(packet) == Error::OK);
    if constexpr (which == Case::INT) read_value<std::int64_t>(view.value());
    if constexpr (which == Case::MESSAGE) read_message(view);
    if constexpr (which == Case::MESSAGES) read_messages(view.value());
    if constexpr (which == Case::BYTES) read_value<std::span<const std::uint8_t>>(view.value());
    if constexpr (which == Case::FLOATS) read_value<PackedView<float>>(view.value());
    return packet.size();
  };
}

bool register_all() {
  constexpr std::string_view kLibrary = "ringpeer";
  for (const Case which : kCases) {
    measure("encode_pool", which, kLibrary, prepare_encode);
    measure("decode_owning", which, kLibrary, prepare_decode);
    measure("decode_arena", which, kLibrary, prepare_arena);
  }
  measure("view", Case::INT, kLibrary, prepare_view<Case::INT>);
  measure("view", Case::MESSAGE, kLibrary, prepare_view<Case::MESSAGE>);
  measure("view", Case::MESSAGES, kLibrary, prepare_view<Case::MESSAGES>);
  measure("view", Case::BYTES, kLibrary, prepare_view<Case::BYTES>);
  measure("view", Case::FLOATS, kLibrary, prepare_view<Case::FLOATS>);
  return true;
}

[[maybe_unused]] const bool registered = register_all();

}  // namespace
}  // namespace ringpeer::bench
