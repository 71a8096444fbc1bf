#ifndef RINGPEER_TESTS_PROBES_MACHINE_H_
#define RINGPEER_TESTS_PROBES_MACHINE_H_

#include <string>

namespace ringpeer::probes {

// What this machine lets the probes do.
struct Machine {
  // Why a probe that needs it cannot be run; empty where it can.
  std::string no_ipv6;
  // Godot's machine gives ::1 for "localhost".
  std::string localhost_is_not_ipv6;
};

// Puts this process into namespaces of its own: a network that has nothing but a loopback
// device, as Godot had, and an /etc/hosts that gives localhost an IPv6 address. Where that
// is not permitted the machine's own serve. Call it before any thread is started.
void enter_namespaces();

Machine examine_machine();

// What the resolver says first, in Godot's form; "" when nothing. Any family, or IPv4.
std::string resolve(const std::string& name, bool ipv4_only);

// The kernel's count of datagrams that a socket's full buffer lost; -1 when it is gone.
int kernel_drops_at(int port);

// The first line of a file; "?" when there is none.
std::string first_line_of(const std::string& path);

}  // namespace ringpeer::probes

#endif  // RINGPEER_TESTS_PROBES_MACHINE_H_
