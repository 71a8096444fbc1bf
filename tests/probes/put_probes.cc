#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

// Puts `count` packets of three bytes, each after the network has answered the last.
Json put_codes(ProbeContext& context, const Peer& peer, int count) {
  Json codes = Json::array();
  for (int i = 0; i < count; ++i) {
    codes.push_back(code(peer->put_packet(filled_bytes(3))));
    context.let_arrive();
  }
  return codes;
}

void run_put_sizes(ProbeContext& context, const Peer& rx, const Peer& t) {
  for (const std::size_t size : {65506, 65507, 65508, 65535, 65536, 100000}) {
    const int error = code(t->put_packet(filled_bytes(size, 1)));
    const int received = context.available(rx);
    const Json got = received > 0 ? Json(context.get(rx).size()) : Json(-1);
    context.report("put.size_" + std::to_string(size),
                   {{"code", error}, {"received", received}, {"size", got}});
  }
  context.report("put.after_too_big_next_ok", {{"code", code(t->put_packet(filled_bytes(5)))},
                                               {"received", context.available(rx)}});
  context.get(rx);
  const Peer rx16 = context.bound(65536);
  const Peer t16 = context.to(rx16->get_local_port());
  context.report("put.size_65507_to_default_ring",
                 {{"code", code(t16->put_packet(filled_bytes(65507)))},
                  {"received", context.available(rx16)}});
}

void run_put_destinations(ProbeContext& context, const Peer& rx) {
  struct Case {
    std::string host;
    int port;
    std::string port_text;
    std::string cannot_run;
  };
  const int port = rx->get_local_port();
  const Machine& machine = context.machine();
  const std::vector<Case> cases = {
      {"nope!", 5, "5", ""},
      {"", 5, "5", ""},
      {"localhost", port, "rxport", machine.localhost_is_not_ipv6},
      {"127.0.0.1", 0, "0", ""},
      {"127.0.0.1", -1, "-1", ""},
      {"127.0.0.1", 65536, "65536", ""},
      {"127.0.0.1", 65536 + port, "65536+rxport", ""},
      {"::1", port, "rxport", machine.no_ipv6},
  };
  for (const Case& entry : cases) {
    const std::string probe = "put.set_dest_" + entry.host + "_" + entry.port_text;
    if (!entry.cannot_run.empty()) {
      context.skip(probe, entry.cannot_run);
      continue;
    }
    const Peer d = context.peer();
    const int error = code(d->set_dest_address(entry.host, entry.port));
    const int put = code(d->put_packet(filled_bytes(6)));
    context.report(probe,
                   {{"code", error}, {"put_packet", put}, {"received", context.available(rx)}});
    context.empty(rx);
  }
}

void run_put_families(ProbeContext& context, const Peer& rx) {
  const Machine& machine = context.machine();
  if (machine.localhost_is_not_ipv6.empty()) {
    const Peer lh = context.peer();
    const Peer rx6 = context.bound(65536, kLoopbackIpv6);
    (void)lh->set_dest_address("localhost", rx6->get_local_port());
    (void)lh->put_packet(filled_bytes(6));
    context.report("put.localhost_resolves_to_ipv6",
                   {{"received_on_::1", context.available(rx6)},
                    {"resolve", resolve("localhost", false)},
                    {"resolve_ipv4", resolve("localhost", true)}});
  } else {
    context.skip("put.localhost_resolves_to_ipv6", machine.localhost_is_not_ipv6);
  }
  if (!machine.no_ipv6.empty()) {
    context.skip("put.ipv6_socket_then_ipv4_dest", machine.no_ipv6);
    return;
  }
  const Peer v6 = context.peer();
  (void)v6->set_dest_address(kLoopbackIpv6, rx->get_local_port());
  (void)v6->put_packet(filled_bytes(1));
  (void)v6->set_dest_address(kLoopback, rx->get_local_port());
  context.report("put.ipv6_socket_then_ipv4_dest", {{"code", code(v6->put_packet(filled_bytes(6)))},
                                                    {"received", context.available(rx)}});
  context.empty(rx);
}

void run_put_to_nobody(ProbeContext& context) {
  const Peer gone = context.bound();
  const int dead = gone->get_local_port();
  gone->close();
  const Peer u = context.to(dead);
  context.report("put.unconnected_to_closed_port",
                 {{"codes", put_codes(context, u, 4)}, {"available", context.available(u)}});
  const Peer c = context.connected_to(dead);
  context.report("put.connected_to_closed_port", {{"codes", put_codes(context, c, 6)}});
  (void)c->put_packet(filled_bytes(3));
  context.report("put.connected_refused_then_available",
                 {{"available", context.available(c)}, {"then", context.available(c)}});
  (void)c->put_packet(filled_bytes(3));
  context.report("put.connected_refused_then_get_packet",
                 {{"size", context.get(c).size()},
                  {"get_packet_error", code(c->get_packet_error())},
                  {"again", context.get(c).size()},
                  {"get_packet_error_again", code(c->get_packet_error())}});
}

}  // namespace

void run_puts(ProbeContext& context) {
  const Peer rx = context.bound(kLargeReceiveBufferSize);
  const int port = rx->get_local_port();
  const Peer b = context.bound();
  context.report("put.bound_no_dest", code(b->put_packet(filled_bytes(4))));
  context.report("put.bound_no_dest_empty", code(b->put_packet(filled_bytes(0))));
  const Peer t = context.to(port);
  context.report("put.empty_with_dest", {{"code", code(t->put_packet(filled_bytes(0)))},
                                         {"received", context.available(rx)},
                                         {"socket_opened", t->is_bound()}});
  context.report("put.one_byte", {{"code", code(t->put_packet(filled_bytes(1)))},
                                  {"received", context.available(rx)},
                                  {"size", context.get(rx).size()}});
  run_put_sizes(context, rx, t);
  run_put_destinations(context, rx);
  run_put_families(context, rx);
  run_put_to_nobody(context);

  const Peer t2 = context.to(port);
  const int got = context.fill(rx, t2, 500, 100);
  bool ordered = true;
  for (int i = 0; i < got; ++i) {
    if (number_of(context.get(rx)) != static_cast<std::uint32_t>(i)) ordered = false;
  }
  context.report("put.500_in_order", {{"received", got}, {"ordered", ordered}});
}

}  // namespace ringpeer::probes
