#include <utility>

#include "ringpeer/tests/probes/probe_groups.h"

namespace ringpeer::probes {
namespace {

std::vector<Peer> new_remotes(ProbeContext& context, int port, int count, std::size_t size) {
  std::vector<Peer> remotes;
  for (int i = 0; i < count; ++i) {
    remotes.push_back(context.to(port));
    (void)remotes.back()->put_packet(numbered(static_cast<std::uint32_t>(i), size));
  }
  return remotes;
}

std::vector<Peer> take_all(const Server& server) {
  std::vector<Peer> taken;
  while (server->is_connection_available()) taken.push_back(server->take_connection());
  return taken;
}

// The numbers of the first packets.
Json first_numbers(ProbeContext& context, const std::vector<Peer>& peers) {
  Json numbers = Json::array();
  for (const Peer& peer : peers) numbers.push_back(number_of(context.get(peer)));
  return numbers;
}

void run_listen(ProbeContext& context, const Server& s) {
  context.report("server.new", {{"is_listening", s->is_listening()},
                                {"max_pending_connections", s->get_max_pending_connections()},
                                {"is_connection_available", s->is_connection_available()},
                                {"take_connection_is_null", s->take_connection() == nullptr},
                                {"local_port", s->get_local_port()}});
  context.report("server.poll_not_listening", code(s->poll()));
  context.report("server.listen", {{"code", code(s->listen(0, kLoopback))},
                                   {"is_listening", s->is_listening()},
                                   {"local_port_set", s->get_local_port() > 0}});
  const int port = s->get_local_port();
  context.report("server.listen_twice", code(s->listen(0, kLoopback)));
  const Server s2 = context.server();
  context.report("server.listen_port_of_other_server", {{"code", code(s2->listen(port, kLoopback))},
                                                        {"is_listening", s2->is_listening()}});
  s2->stop();
  const Peer pp = context.peer();
  context.report("server.peer_bind_on_servers_port", {{"code", code(pp->bind(port, kLoopback))}});
  pp->close();
  const Peer taken = context.bound();
  context.report("server.listen_on_a_peers_port",
                 {{"code", code(s2->listen(taken->get_local_port(), kLoopback))},
                  {"is_listening", s2->is_listening()}});
  s2->stop();
}

void run_listen_arguments(ProbeContext& context) {
  const std::vector<std::pair<int, std::string>> cases = {{-1, "127.0.0.1"}, {65536, "127.0.0.1"},
                                                          {0, "nope"},       {0, "192.0.2.77"},
                                                          {0, "*"},          {0, "::1"}};
  for (const auto& [port, address] : cases) {
    const std::string probe = "server.listen_" + std::to_string(port) + "_" + address;
    if (address == kLoopbackIpv6 && !context.machine().no_ipv6.empty()) {
      context.skip(probe, context.machine().no_ipv6);
      continue;
    }
    const Server s = context.server();
    const int error = code(s->listen(port, address));
    const int local = s->get_local_port();
    context.report(probe,
                   {{"code", error},
                    {"is_listening", s->is_listening()},
                    {"port", local != 0 && local != 65535 ? "ephemeral" : std::to_string(local)}});
  }
}

// Returns the taken peer.
Peer run_first_connection(ProbeContext& context, const Server& s, const Peer& a) {
  context.report("server.poll_nothing", code(s->poll()));
  (void)a->put_packet(filled_bytes(5, 1));
  context.let_arrive();
  context.report("server.before_poll", {{"is_connection_available", s->is_connection_available()}});
  context.poll(s);
  context.report("server.after_poll", {{"is_connection_available", s->is_connection_available()}});
  (void)a->put_packet(filled_bytes(6, 2));
  context.poll(s);
  Peer pa = s->take_connection();
  context.report("server.taken",
                 {{"state", context.state(pa)},
                  {"more_pending", s->is_connection_available()},
                  {"packet_port_is_remote", pa->get_packet_port() == a->get_local_port()},
                  {"local_port_is_servers", pa->get_local_port() == s->get_local_port()}});
  Json sizes = Json::array();
  sizes.push_back(context.get(pa).size());
  sizes.push_back(context.get(pa).size());
  context.report("server.peer_packets", {{"sizes", sizes},
                                         {"then", context.get(pa).size()},
                                         {"get_packet_error", code(pa->get_packet_error())}});
  (void)a->put_packet(filled_bytes(7));
  context.report("server.peer_sees_nothing_without_server_poll", context.available(pa));
  context.poll(s);
  context.report("server.peer_after_server_poll", context.available(pa));
  context.get(pa);
  return pa;
}

void run_peer_calls(ProbeContext& context, const Server& s, const Peer& a, const Peer& pa) {
  const int put = code(pa->put_packet(filled_bytes(3)));
  const int received = context.available(a);
  const bool from_server =
      context.get(a).size() == 3 && a->get_packet_port() == s->get_local_port();
  context.report("server.peer_put",
                 {{"code", put}, {"received", received}, {"from_port_is_servers", from_server}});
  context.report("server.peer_connect_to_host",
                 {{"code", code(pa->connect_to_host(kLoopback, 9))}});
  context.report("server.peer_bind", {{"code", code(pa->bind(0, kLoopback))}});
  context.report("server.peer_set_dest_address",
                 {{"code", code(pa->set_dest_address(kLoopback, 9))},
                  {"put", code(pa->put_packet(filled_bytes(2)))},
                  {"received", context.available(a)}});
  context.get(a);
  pa->set_broadcast_enabled(true);
  context.report("server.peer_set_broadcast_enabled", "void");
  context.report("server.peer_join_multicast", code(pa->join_multicast_group("239.1.2.3", "lo")));
  context.report("server.peer_put_65508", code(pa->put_packet(filled_bytes(65508))));
  int kept = 0;
  for (std::uint32_t i = 0; i < 300; ++i) {
    (void)a->put_packet(numbered(i, 1000));
    context.poll(s);
    kept = pa->get_available_packet_count();
  }
  context.report("server.peer_ring_packets_of_1000",
                 {{"kept", kept}, {"bytes", kept * 1024}, {"first", number_of(context.get(pa))}});
  context.empty(pa);
}

void run_peer_close(ProbeContext& context, const Server& s, const Peer& a, const Peer& pa) {
  pa->close();
  context.report("server.peer_closed_state", context.state(pa));
  context.report("server.peer_closed_put", code(pa->put_packet(filled_bytes(2))));
  context.empty(a);
  (void)a->put_packet(filled_bytes(4));
  context.poll(s);
  context.report("server.remote_of_closed_peer_is_new", s->is_connection_available());
  s->take_connection().reset();
  (void)a->put_packet(filled_bytes(4));
  context.poll(s);
  context.report("server.remote_of_freed_peer_is_new", s->is_connection_available());
  s->stop();
}

// Of the senders that are too many Godot drops the last, whoever they are.
ServerOptions as_in_godot() {
  ServerOptions options;
  options.admission.keep_pending = true;
  return options;
}

void run_pending_limit(ProbeContext& context, const Server& s) {
  (void)s->listen(0, kLoopback, as_in_godot());
  const std::vector<Peer> remotes = new_remotes(context, s->get_local_port(), 20, 8);
  context.poll(s);
  std::vector<Peer> got = take_all(s);
  context.report("server.20_new_remotes_16_pending_allowed",
                 {{"taken", got.size()}, {"which", first_numbers(context, got)}});
  (void)remotes[19]->put_packet(numbered(190, 8));
  context.poll(s);
  context.report("server.refused_remote_comes_later",
                 {{"is_connection_available", s->is_connection_available()}});
  const Peer late = s->take_connection();
  context.report("server.refused_remote_first_packet_lost",
                 {{"value", late ? Json(number_of(context.get(late))) : Json(-1)}});
  s->stop();
  got.clear();
  context.report("server.stop", {{"is_listening", s->is_listening()},
                                 {"local_port", s->get_local_port()},
                                 {"poll", code(s->poll())},
                                 {"late_peer", context.state(late)}});
  context.report("server.peer_put_after_stop", code(late->put_packet(filled_bytes(2))));
}

void run_pending_limits(ProbeContext& context) {
  for (const int limit : {0, 1, 3, 256, 100000, -1}) {
    const Server x = context.server();
    x->set_max_pending_connections(limit);
    const int readback = x->get_max_pending_connections();
    (void)x->listen(0, kLoopback, as_in_godot());
    const std::vector<Peer> remotes = new_remotes(context, x->get_local_port(), 30, 4);
    context.poll(x);
    context.report("server.max_pending_" + std::to_string(limit),
                   {{"readback", readback}, {"of_30_remotes_pending", take_all(x).size()}});
  }
  const std::vector<std::pair<int, int>> changes = {{5, 2}, {5, 10}, {1, 10}, {5, 5}, {5, 0}};
  for (const auto& [pending, limit] : changes) {
    const Server x = context.server();
    (void)x->listen(0, kLoopback, as_in_godot());
    const std::vector<Peer> remotes = new_remotes(context, x->get_local_port(), pending, 8);
    context.poll(x);
    x->set_max_pending_connections(limit);
    const std::vector<Peer> kept = take_all(x);
    context.report(
        "server." + std::to_string(pending) + "_pending_then_limit_" + std::to_string(limit),
        {{"kept", kept.size()}, {"which", first_numbers(context, kept)}});
  }
}

}  // namespace

void run_servers(ProbeContext& context) {
  const Server s = context.server();
  run_listen(context, s);
  run_listen_arguments(context);
  const Peer a = context.to(s->get_local_port());
  const Peer pa = run_first_connection(context, s, a);
  run_peer_calls(context, s, a, pa);
  run_peer_close(context, s, a, pa);
  run_pending_limit(context, s);
  run_pending_limits(context);

  Server y = context.server();
  (void)y->listen(0, kLoopback);
  const Peer yc = context.to(y->get_local_port());
  (void)yc->put_packet(filled_bytes(4));
  context.poll(y);
  const Peer yp = y->take_connection();
  y.reset();
  context.report("server.freed_with_live_peer",
                 {{"state", context.state(yp)}, {"put", code(yp->put_packet(filled_bytes(1)))}});
  const Server z = context.server();
  (void)z->listen(0, kLoopback);
  context.send_empty(z->get_local_port());
  context.poll(z);
  const bool connection = z->is_connection_available();
  const Peer zp = z->take_connection();
  context.report("server.empty_datagram",
                 {{"connection", connection},
                  {"available", zp ? Json(context.available(zp)) : Json(-1)},
                  {"size", zp ? Json(context.get(zp).size()) : Json(-1)},
                  {"get_packet_error", zp ? Json(code(zp->get_packet_error())) : Json(-1)}});
}

}  // namespace ringpeer::probes
