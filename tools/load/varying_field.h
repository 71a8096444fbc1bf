#ifndef RINGPEER_TOOLS_LOAD_VARYING_FIELD_H_
#define RINGPEER_TOOLS_LOAD_VARYING_FIELD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"

namespace ringpeer::tools {

// What a field that differs from packet to packet holds.
enum class FieldKind {
  kSequence,  // which packet of this client it is, from 0
  kTime,      // when it is sent: nanoseconds of the steady clock
  kRandom,    // the seed's, another for each client, packet and field
  kClient,    // which client, from 0
};

// Bytes of a recorded packet that are not sent as they were recorded.
struct VaryingField {
  static constexpr std::size_t kMaxWidth = 8;

  std::size_t place = 0;  // of its first byte
  std::size_t width = 0;  // in bytes
  FieldKind kind = FieldKind::kSequence;
  bool is_big_endian = false;
  std::uint64_t base = 0;  // that is added
};

// Reads "PLACE:WIDTH:KIND", with ":be" for the network's order and ":+NUMBER" for what is added:
// "4:8:sequence", "0:2:client:be:+100". Kinds: sequence, time, random, client. Nothing, with words
// in *error, for another text.
std::optional<VaryingField> parse_varying_field(std::string_view text, std::string* error);
// The same field as it is read.
std::string to_text(const VaryingField& field);
// That no two have a byte in common. Empty, or what is wrong.
std::string check_varying_fields(std::span<const VaryingField> fields);

// The number of a packet's field before it is cut to its width.
std::uint64_t value_of(const VaryingField& field, const LoadStamp& stamp, std::uint64_t seed);
// Writes all fields that lie in the packet; one that does not, or only in part, leaves it alone:
// packets of a session have several sizes.
void write_fields(std::span<const VaryingField> fields, const LoadStamp& stamp, std::uint64_t seed,
                  std::span<std::uint8_t> packet);
// What stands in a field of a packet, without what was added; nothing when it is not there.
std::optional<std::uint64_t> read_field(const VaryingField& field,
                                        std::span<const std::uint8_t> packet);

// What an echo is known by where packets are of others: all 8 bytes of its sequence and of its
// time, in every packet.
struct EchoFields {
  VaryingField sequence;
  VaryingField time;
};
// Nothing where one of them is missing; packets have `smallest` bytes at least.
std::optional<EchoFields> find_echo_fields(std::span<const VaryingField> fields,
                                           std::size_t smallest);
// The stamp that a packet has in them, of `client`; nothing when the packet is too short.
std::optional<LoadStamp> read_stamp(const EchoFields& fields, std::span<const std::uint8_t> packet,
                                    std::uint32_t client);

// A number that depends on all of these alone: any two machines have the same. Threads: any.
std::uint64_t seeded_number(std::uint64_t seed, std::uint64_t client, std::uint64_t sequence,
                            std::uint64_t field);

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_VARYING_FIELD_H_
