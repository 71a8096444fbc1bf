#include <array>
#include <utility>

#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

void run_bind_arguments(ProbeContext& context) {
  const std::array<std::pair<int, std::string>, 13> cases = {{{-1, "127.0.0.1"},
                                                              {65536, "127.0.0.1"},
                                                              {70000, "127.0.0.1"},
                                                              {0, "nope"},
                                                              {0, ""},
                                                              {0, "256.0.0.1"},
                                                              {0, "1.2.3"},
                                                              {0, "192.0.2.77"},
                                                              {0, "::1"},
                                                              {0, "*"},
                                                              {0, "0.0.0.0"},
                                                              {0, "::"},
                                                              {0, "localhost"}}};
  for (const auto& [port, address] : cases) {
    const std::string probe = "bind.port_" + std::to_string(port) + "_addr_" + address;
    if (address.starts_with("::") && !context.machine().no_ipv6.empty()) {
      context.skip(probe, context.machine().no_ipv6);
      continue;
    }
    const Peer peer = context.peer();
    const Error error = peer->bind(port, address);
    context.report(probe, {{"code", code(error)}, {"is_bound", peer->is_bound()}});
  }
  for (const int size : {-1, 0, 1, 2}) {
    const Peer peer = context.peer();
    context.report("bind.recv_buf_size_" + std::to_string(size),
                   {{"code", code(peer->bind(0, kLoopback, size))}});
  }
}

Json what_wildcard_gets(ProbeContext& context, const Peer& wildcard, std::string_view from) {
  (void)context.to(wildcard->get_local_port(), from)->put_packet(filled_bytes(2, 7));
  return {{"available", context.available(wildcard)},
          {"bytes", context.get(wildcard).size()},
          {"ip", wildcard->get_packet_ip()}};
}

}  // namespace

void run_defaults(ProbeContext& context) {
  const Peer p = context.peer();
  context.report("new.state", context.state(p));
  context.report("new.get_packet_error", code(p->get_packet_error()));
  context.report("new.get_packet", {{"size", context.get(p).size()},
                                    {"get_packet_error", code(p->get_packet_error())}});
  context.report("new.get_var", {{"value", to_json(context.get_var(p))},
                                 {"get_packet_error", code(p->get_packet_error())}});
  context.report("new.put_packet_1_byte", code(p->put_packet(filled_bytes(1))));
  context.report("new.put_packet_empty", code(p->put_packet(filled_bytes(0))));
  context.report("new.put_var_null", code(p->put_var(Variant())));
  context.report("new.wait", code(p->wait()));
  context.report("new.encode_buffer_max_size", p->get_encode_buffer_max_size());
  p->close();
  context.report("new.close_then_state", context.state(p));
}

void run_binds(ProbeContext& context) {
  const Peer p = context.peer();
  context.report("bind.ephemeral_loopback",
                 {{"code", code(p->bind(0, kLoopback))}, {"state", context.state(p)}});
  const int port = p->get_local_port();
  context.report("bind.twice_same_peer", {{"code", code(p->bind(0, kLoopback))},
                                          {"still_port", p->get_local_port() == port}});
  const Peer q = context.peer();
  context.report("bind.port_in_use",
                 {{"code", code(q->bind(port, kLoopback))}, {"is_bound", q->is_bound()}});
  context.report("bind.port_in_use_wildcard",
                 {{"code", code(q->bind(port, "*"))}, {"is_bound", q->is_bound()}});
  p->close();
  context.report("bind.after_other_closed", {{"code", code(q->bind(port, kLoopback))}});
  q->close();
  run_bind_arguments(context);

  const Peer r = context.to(9);
  const Peer rx = context.bound();
  (void)r->set_dest_address(kLoopback, rx->get_local_port());
  (void)r->put_packet(filled_bytes(3));
  context.report("bind.after_put_packet_opened_it", {{"code", code(r->bind(0, kLoopback))},
                                                     {"was_bound", r->is_bound()},
                                                     {"local_port_set", r->get_local_port() > 0}});
  const Peer c2 = context.connected_to(rx->get_local_port());
  context.report("bind.after_connect_to_host",
                 {{"code", code(c2->bind(0, kLoopback))}, {"is_bound", c2->is_bound()}});
  const Peer w = context.peer();
  (void)w->bind(0, "*");
  context.report("bind.wildcard_gets_ipv4", what_wildcard_gets(context, w, kLoopback));
  if (context.machine().no_ipv6.empty()) {
    context.report("bind.wildcard_gets_ipv6", what_wildcard_gets(context, w, kLoopbackIpv6));
  } else {
    context.skip("bind.wildcard_gets_ipv6", context.machine().no_ipv6);
  }
}

}  // namespace ringpeer::probes
