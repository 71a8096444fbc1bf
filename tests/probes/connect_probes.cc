#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

void run_connect_arguments(ProbeContext& context, int rx_port) {
  struct Case {
    std::string host;
    int port;
    std::string port_text;
  };
  const std::vector<Case> cases = {
      {"nope", 5, "5"},        {"", 5, "5"},
      {"*", 5, "5"},           {"localhost", rx_port, "rxport"},
      {"127.0.0.1", 0, "0"},   {"127.0.0.1", 65536, "65536"},
      {"127.0.0.1", -1, "-1"}, {"::1", 5, "5"},
  };
  for (const Case& entry : cases) {
    const std::string probe = "connect.host_" + entry.host + "_port_" + entry.port_text;
    if (entry.host == kLoopbackIpv6 && !context.machine().no_ipv6.empty()) {
      context.skip(probe, context.machine().no_ipv6);
      continue;
    }
    const Peer q = context.peer();
    context.report(probe, {{"code", code(q->connect_to_host(entry.host, entry.port))},
                           {"state", context.state(q)}});
  }
  const Peer q4 = context.bound();
  context.report("connect.ipv4_bound_to_ipv6_host",
                 {{"code", code(q4->connect_to_host("::1", 5))}, {"state", context.state(q4)}});
}

// What a stranger had sent to a bound peer before it connects to somebody else.
void run_connect_with_queue(ProbeContext& context, const Peer& rx) {
  const Peer b = context.bound();
  const int bound_port = b->get_local_port();
  const Peer s = context.to(bound_port);
  for (std::uint32_t i = 0; i < 3; ++i) (void)s->put_packet(numbered(i, 50));
  const int before = context.available(b);
  const int error = code(b->connect_to_host(kLoopback, rx->get_local_port()));
  const int after = context.available(b);
  context.report("connect.bound_with_3_queued", {{"before", before},
                                                 {"code", error},
                                                 {"available_after", after},
                                                 {"port_kept", b->get_local_port() == bound_port}});
  // The script asks the next two only when something is left, which it is there.
  context.report("connect.get_packet_after_the_flush",
                 {{"size", context.get(b).size()},
                  {"get_packet_error", code(b->get_packet_error())},
                  {"available", context.available(b)},
                  {"ip", b->get_packet_ip()}});
  (void)rx->set_dest_address(kLoopback, bound_port);
  (void)rx->put_packet(filled_bytes(33, 5));
  Json sizes = Json::array();
  for (int i = 0; i < 5 && context.available(b) > 0; ++i) sizes.push_back(context.get(b).size());
  context.report("connect.packets_after_the_flush", {{"sizes", sizes}});

  const Peer b2 = context.bound();
  const Peer s2 = context.to(b2->get_local_port());
  for (std::uint32_t i = 0; i < 3; ++i) (void)s2->put_packet(numbered(i, 50));
  const int error2 = code(b2->connect_to_host(kLoopback, rx->get_local_port()));
  context.report(
      "connect.bound_with_3_unpolled_from_stranger",
      {{"code", error2}, {"available", context.available(b2)}, {"ip", b2->get_packet_ip()}});
  const Bytes got = context.get(b2);
  context.report("connect.strangers_packet_is_given_as_hosts",
                 {{"size", got.size()},
                  {"ip", b2->get_packet_ip()},
                  {"port_is_hosts", b2->get_packet_port() == rx->get_local_port()},
                  {"port_is_strangers", b2->get_packet_port() == s2->get_local_port()}});
}

}  // namespace

void run_connects(ProbeContext& context) {
  const Peer rx = context.bound(kLargeReceiveBufferSize);
  const int port = rx->get_local_port();
  const Peer c = context.peer();
  context.report("connect.ok", {{"code", code(c->connect_to_host(kLoopback, port))},
                                {"state", context.state(c)}});
  context.report("connect.put", {{"code", code(c->put_packet(filled_bytes(9)))},
                                 {"received", context.available(rx)}});
  context.get(rx);
  (void)rx->set_dest_address(rx->get_packet_ip(), rx->get_packet_port());
  (void)rx->put_packet(filled_bytes(11));
  context.report("connect.gets_from_host", {{"available", context.available(c)},
                                            {"size", context.get(c).size()},
                                            {"ip", c->get_packet_ip()},
                                            {"port_is_hosts", c->get_packet_port() == port}});
  (void)context.to(c->get_local_port())->put_packet(filled_bytes(13));
  context.report("connect.third_party_packet", {{"available", context.available(c)}});
  context.report("connect.set_dest_address_when_connected",
                 {{"code", code(c->set_dest_address(kLoopback, 9))},
                  {"put", code(c->put_packet(filled_bytes(1)))},
                  {"received_by_host", context.available(rx)}});
  context.empty(rx);
  const Peer rx2 = context.bound();
  context.report("connect.again_elsewhere",
                 {{"code", code(c->connect_to_host(kLoopback, rx2->get_local_port()))},
                  {"put", code(c->put_packet(filled_bytes(1)))},
                  {"first_got", context.available(rx)},
                  {"second_got", context.available(rx2)}});
  run_connect_arguments(context, port);
  run_connect_with_queue(context, rx);
}

void run_closes(ProbeContext& context) {
  const Peer rx = context.bound();
  const int port = rx->get_local_port();
  const Peer t = context.to(port);
  (void)t->put_packet(filled_bytes(5));
  context.available(rx);
  (void)t->put_packet(filled_bytes(5));
  rx->close();
  context.report("close.discards_queue", {{"state", context.state(rx)},
                                          {"get_size", context.get(rx).size()},
                                          {"get_packet_error", code(rx->get_packet_error())}});
  rx->close();
  context.report("close.twice", context.state(rx));
  context.report("close.rebind",
                 {{"code", code(rx->bind(port, kLoopback))}, {"available", context.available(rx)}});
  context.report("close.put_after_rebind_without_dest", code(rx->put_packet(filled_bytes(1))));
  const Peer sink = context.bound();
  const Peer u = context.to(sink->get_local_port());
  (void)u->put_packet(filled_bytes(1));
  u->close();
  context.report("close.dest_is_kept_put_reopens", {{"code", code(u->put_packet(filled_bytes(2)))},
                                                    {"received", context.available(sink)},
                                                    {"is_bound", u->is_bound()}});
  const Peer c = context.connected_to(sink->get_local_port());
  c->close();
  context.report("close.connected_then_closed", {{"state", context.state(c)},
                                                 {"put", code(c->put_packet(filled_bytes(2)))},
                                                 {"state_after_put", context.state(c)}});
}

void run_addresses(ProbeContext& context) {
  if (context.machine().no_ipv6.empty()) {
    const Peer rx = context.bound(65536, kLoopbackIpv6);
    const Peer t = context.to(rx->get_local_port(), kLoopbackIpv6);
    (void)t->put_packet(filled_bytes(1));
    context.get(rx);
    context.report("addr.ipv6_loopback_text", rx->get_packet_ip());
    (void)rx->set_dest_address(rx->get_packet_ip(), rx->get_packet_port());
    context.report("addr.echo_to_got_address", {{"code", code(rx->put_packet(filled_bytes(4)))},
                                                {"received", context.available(t)}});
  } else {
    context.skip("addr.ipv6_loopback_text", context.machine().no_ipv6);
    context.skip("addr.echo_to_got_address", context.machine().no_ipv6);
  }
  const Peer any = context.bound(65536, "*");
  const Peer a = context.to(any->get_local_port());
  (void)a->put_packet(filled_bytes(1));
  context.get(any);
  context.report("addr.ipv4_on_dual_stack_text", any->get_packet_ip());
  (void)any->set_dest_address(any->get_packet_ip(), any->get_packet_port());
  context.report(
      "addr.echo_ipv4_from_dual_stack",
      {{"code", code(any->put_packet(filled_bytes(4)))}, {"received", context.available(a)}});
  const Peer o = context.to(any->get_local_port(), "127.0.0.2");
  context.report("addr.other_loopback_address", {{"put", code(o->put_packet(filled_bytes(1)))},
                                                 {"received", context.available(any)}});
}

void run_broadcast_and_multicast(ProbeContext& context) {
  const Peer rx = context.bound(65536, "0.0.0.0");
  const Peer t = context.to(rx->get_local_port(), "127.255.255.255");
  context.report("broadcast.not_enabled", {{"code", code(t->put_packet(filled_bytes(4)))},
                                           {"received", context.available(rx)}});
  t->set_broadcast_enabled(true);
  context.report("broadcast.enabled", {{"code", code(t->put_packet(filled_bytes(4)))},
                                       {"received", context.available(rx)}});
  const Peer m = context.peer();
  const auto join = [&m](std::string_view group, std::string_view interface_name) {
    return code(m->join_multicast_group(group, interface_name));
  };
  const auto leave = [&m] { return code(m->leave_multicast_group("239.1.2.3", "lo")); };
  context.report("multicast.leave_unopened", leave());
  context.report("multicast.join_bad_address", join("nope", "lo"));
  context.report("multicast.join_not_multicast", join("127.0.0.1", "lo"));
  context.report("multicast.join_no_such_interface", join("239.1.2.3", "nope0"));
  context.report("multicast.join_lo",
                 {{"code", join("239.1.2.3", "lo")}, {"opened_socket", m->is_bound()}});
  context.report("multicast.leave_lo", leave());
  context.report("multicast.leave_again", leave());
}

}  // namespace ringpeer::probes
