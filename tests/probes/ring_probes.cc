#include <algorithm>

#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

constexpr int kRecordOverhead = 24;

void run_ring(ProbeContext& context, int ring, int size) {
  const Peer rx = context.bound(ring);
  const Peer t = context.to(rx->get_local_port());
  const int sent = std::min(4 * (ring + 2048) / (size + kRecordOverhead), 12000) + 8;
  const int kept = context.fill(rx, t, sent, static_cast<std::size_t>(size));
  int first = -1;
  int last = -1;
  bool ordered = true;
  for (int i = 0; i < kept; ++i) {
    const int number = static_cast<int>(number_of(rx->get_packet()));
    if (i == 0) first = number;
    if (number < last) ordered = false;
    last = number;
  }
  context.report("ring.size_" + std::to_string(ring) + "_packets_of_" + std::to_string(size),
                 {{"sent", sent},
                  {"kept", kept},
                  {"first_kept", first},
                  {"last_kept", last},
                  {"ordered", ordered},
                  {"ring_bytes_used", kept * (size + kRecordOverhead)}});
}

void run_full_ring(ProbeContext& context) {
  const Peer rx = context.bound(1024);
  const Peer t = context.to(rx->get_local_port());
  for (std::uint32_t i = 0; i < 20; ++i) {
    (void)t->put_packet(numbered(100 + i, 500));
    context.let_arrive();
  }
  const int full_at = context.available(rx);
  (void)t->put_packet(numbered(7, 4));
  context.report("ring.smaller_later_packet_still_fits",
                 {{"full_at", full_at}, {"after_small", context.available(rx)}});
  context.get(rx);
  (void)t->put_packet(numbered(8, 500));
  context.report("ring.room_back_after_get", {{"available", context.available(rx)}});
  const Peer rx2 = context.bound(1024);
  const Peer t2 = context.to(rx2->get_local_port());
  context.report("ring.packet_larger_than_ring",
                 {{"put", code(t2->put_packet(filled_bytes(5000)))},
                  {"available", context.available(rx2)},
                  {"get_size", context.get(rx2).size()},
                  {"get_packet_error", code(rx2->get_packet_error())}});
}

// The application does not look at its peer while all of this is sent.
void run_unpolled(ProbeContext& context, int size) {
  const Peer rx = context.bound(1 << 24);
  const Peer t = context.to(rx->get_local_port());
  for (std::uint32_t i = 0; i < 5000; ++i) {
    // Godot's put_packet waits for room; this one says when there is none.
    while (t->put_packet(numbered(i, static_cast<std::size_t>(size))) == Error::ERR_BUSY) {
      context.let_arrive();
    }
  }
  context.let_arrive();
  const int drops = kernel_drops_at(rx->get_local_port());
  const int kept = context.available(rx);
  int first = -1;
  int last = -1;
  for (int i = 0; i < kept; ++i) {
    const int number = static_cast<int>(number_of(rx->get_packet()));
    if (first < 0) first = number;
    last = number;
  }
  context.report("kernel.5000_sent_unpolled_of_" + std::to_string(size),
                 {{"kept", kept},
                  {"first", first},
                  {"last", last},
                  {"kernel_drops", drops},
                  {"rmem_default", first_line_of("/proc/sys/net/core/rmem_default")}});
}

void run_unbound(ProbeContext& context, const Peer& hub, const std::string& kind) {
  const Peer p = kind == "put_packet" ? context.to(hub->get_local_port())
                                      : context.connected_to(hub->get_local_port());
  (void)p->put_packet(filled_bytes(1));
  context.get(hub);
  (void)hub->set_dest_address(hub->get_packet_ip(), hub->get_packet_port());
  const int kept = context.fill(p, hub, 200, 1000);
  context.report("ring.of_peer_opened_by_" + kind + "_packets_of_1000",
                 {{"kept", kept}, {"bytes", kept * (1000 + kRecordOverhead)}});
}

}  // namespace

void run_rings(ProbeContext& context) {
  for (const int ring : {0, 1, 16, 32, 64, 1000, 1023, 1024, 1025, 2047, 2048, 4096, 65535, 65536,
                         65537, 131072, 1048576}) {
    for (const int size : {4, 8, 100, 1000, 1200}) {
      if (ring >= 1048576 && size < 1000) continue;
      run_ring(context, ring, size);
    }
  }
  run_full_ring(context);
  for (const int size : {64, 512, 1200}) run_unpolled(context, size);
  const Peer hub = context.bound(kLargeReceiveBufferSize);
  run_unbound(context, hub, "put_packet");
  run_unbound(context, hub, "connect_to_host");
}

}  // namespace ringpeer::probes
