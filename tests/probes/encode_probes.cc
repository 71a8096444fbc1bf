#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

std::size_t encoded_size(const Variant& value) {
  std::size_t size = 0;
  (void)encode_variant(value, {}, &size);
  return size;
}

Variant packed_bytes(std::size_t size) {
  PackedByteArray bytes;
  bytes.resize(size);
  return bytes;
}

void run_setter(ProbeContext& context) {
  const Peer p = context.peer();
  for (const std::int64_t size :
       {std::int64_t{0},       std::int64_t{1},       std::int64_t{-1},
        std::int64_t{512},     std::int64_t{1023},    std::int64_t{1024},
        std::int64_t{1025},    std::int64_t{2047},    std::int64_t{2048},
        std::int64_t{2049},    std::int64_t{65536},   std::int64_t{65537},
        std::int64_t{8388608}, std::int64_t{8388609}, std::int64_t{100000000},
        256 * kMebibyte - 1,   256 * kMebibyte,       256 * kMebibyte + 1,
        512 * kMebibyte,       std::int64_t{1} << 31, (std::int64_t{1} << 32) + 4096}) {
    p->set_encode_buffer_max_size(4096);
    p->set_encode_buffer_max_size(size);
    context.report("encode_max.set_" + std::to_string(size), p->get_encode_buffer_max_size());
  }
}

void put_packed_bytes(ProbeContext& context, const std::string& limit, const Peer& rx,
                      const Peer& t, std::initializer_list<std::size_t> sizes) {
  for (const std::size_t size : sizes) {
    const Variant value = packed_bytes(size);
    const int error = code(t->put_var(value));
    context.report(
        "encode_max." + limit + "_put_packed_bytes_" + std::to_string(size),
        {{"encoded", encoded_size(value)}, {"code", error}, {"received", context.available(rx)}});
    context.empty(rx);
  }
}

}  // namespace

void run_encode_maximum(ProbeContext& context) {
  run_setter(context);
  const Peer rx = context.bound(kLargeReceiveBufferSize);
  const Peer t = context.to(rx->get_local_port());
  t->set_encode_buffer_max_size(1024);
  put_packed_bytes(context, "1024", rx, t, {1015, 1016, 1017, 1020, 1024, 1028, 5000});
  t->set_encode_buffer_max_size(8388608);
  put_packed_bytes(context, "8MiB", rx, t, {65496, 65499, 65500, 65507, 100000, 8388600, 8388601});
  Array a{1};
  a.push_back(a);
  context.report("encode_max.put_var_self_containing", code(t->put_var(a)));
  context.empty(rx);
  const Peer no_destination = context.peer();
  no_destination->set_encode_buffer_max_size(1024);
  context.report("encode_max.no_dest_too_big", code(no_destination->put_var(packed_bytes(5000))));
  context.report("encode_max.no_dest_fits", code(no_destination->put_var(5)));
  t->set_encode_buffer_max_size(1024);
  context.report(
      "encode_max.put_packet_not_limited",
      {{"code", code(t->put_packet(filled_bytes(5000)))}, {"received", context.available(rx)}});
  context.get(rx);
  rx->set_encode_buffer_max_size(1024);
  t->set_encode_buffer_max_size(65536);
  (void)t->put_var(packed_bytes(5000));
  const Variant value = context.get_var(rx);
  context.report("encode_max.get_var_not_limited",
                 value.is<PackedByteArray>() ? Json(value.size()) : Json(-1));
}

}  // namespace ringpeer::probes
