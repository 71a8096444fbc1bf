#ifndef RINGPEER_TESTS_DOCS_ERROR_CASES_H_
#define RINGPEER_TESTS_DOCS_ERROR_CASES_H_

#include <functional>
#include <map>
#include <string>

#include "ringpeer/tests/docs/peers.h"

namespace ringpeer::docs {

// "Heading | error | from" of a row of docs/api.md, and what executes it with an engine; several
// where the page has several such rows.
using ErrorCases = std::multimap<std::string, std::function<void(const EnginePointer&)>>;

ErrorCases packet_peer_errors();
ErrorCases packet_peer_udp_errors();
ErrorCases udp_server_errors();
ErrorCases other_errors();  // of PacketPeerExtension, Engine, encoding and decoding

// ---- What they share

inline constexpr const char* kForeign = "192.0.2.1";  // documentation's, no machine's own
inline const Bytes kTooLarge(65536, 1);
inline const Bytes kNoVariant = {0xff, 0, 0, 0};
inline const Bytes kCutString = {4, 0, 0, 0, 0xff, 0, 0, 0, 'a'};

void gives(Error expected, Error actual);

Variant full_object();
SocketOptions without_interface();  // on an interface that there is not
SocketOptions for_servers();

// A peer that puts to somebody who does not read.
struct Sending {
  explicit Sending(const EnginePointer& engine);
  PacketPeerUDP peer;
  int port;
};

// Puts while the network takes nothing, until there is no room: ERR_BUSY.
void floods(const std::function<Error(const Bytes&)>& put);

struct Descriptor {
  explicit Descriptor(int type, bool bound = false);
  ~Descriptor();  // on any error it is the caller's
  int number;
};

}  // namespace ringpeer::docs

#endif  // RINGPEER_TESTS_DOCS_ERROR_CASES_H_
