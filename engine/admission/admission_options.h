#ifndef RINGPEER_ENGINE_ADMISSION_ADMISSION_OPTIONS_H_
#define RINGPEER_ENGINE_ADMISSION_ADMISSION_OPTIONS_H_

#include "ringpeer/codec/base/language.h"

namespace ringpeer {

// What a source may send: so much a second in the long run, and at once what it may send in
// burst_seconds. A rate of 0 is no limit.
//
// A plain value.
struct RateLimit {
  double packets_per_second = 0;
  double bytes_per_second = 0;  // of payload
  double burst_seconds = 1;
};

// Who may come in, and how much they may send, decided by the workers before anything is allocated.
// The defaults let everybody in; what is off costs the packets of players nothing.
// Deny lists, which may change while a server listens, are UDPServer::set_source_list().
//
// A plain value.
struct AdmissionOptions {
  // Whether the three limits below are kept.
  bool limit_rates = false;
  // Of strangers, on each worker: senders whom the application has not taken yet, or will not, all
  // that share an IPv4 address or an IPv6 /64. The default lets 64 players behind one address begin
  // at 120 packets/s each. What is more is drop_source_rate.
  RateLimit source{.packets_per_second = 8000, .bytes_per_second = 12e6};
  // Of each remote that the application has taken: several times what players send, and far less
  // than a flood. What is more is drop_remote_rate.
  RateLimit remote{.packets_per_second = 1000, .bytes_per_second = 2e6};
  // New remotes of a worker, and as many at once. More than take_connection() is called for makes
  // no sense; 0 is no limit. What is more is drop_new_rate.
  double new_remotes_per_second = 1000;

  // Whether a sender must show that it receives where it sends from before it becomes a remote: a
  // forged address is not let in. docs/wire.md says what clients do; a PacketPeerUDP does it with
  // SocketOptions::cookie. Not with ServerReceive::kTogether.
  bool cookie = false;

  // Whether a remote is sent at most 3 times as many bytes as came from it until it has been taken,
  // and heard again after something was sent to it: whoever forges its address then gains little.
  // Puts beyond are ERR_BUSY and send_failed_unverified; put_packet_to_all() leaves it out, counted
  // so; put_packet_to() is not limited. Not with ServerReceive::kTogether; with `cookie` a remote
  // has shown already that it receives.
  bool limit_replies = false;

  // Whether those who wait to be taken keep their places when there are max_pending_connections of
  // them, as with Godot. Otherwise, which is the default, newcomers replace some, each of them with
  // the same chance, so that whoever is first cannot keep others out.
  bool keep_pending = false;
};

}  // namespace ringpeer

#endif  // RINGPEER_ENGINE_ADMISSION_ADMISSION_OPTIONS_H_
