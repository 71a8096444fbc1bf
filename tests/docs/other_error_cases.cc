#include <chrono>
#include <span>
#include <string>

#include "ringpeer/codec/text/text.h"
#include "ringpeer/codec/view/packet_view.h"
#include "ringpeer/codec/wire/decode.h"
#include "ringpeer/codec/wire/encode.h"
#include "ringpeer/engine/net/ip_address.h"
#include "ringpeer/packet_peer_extension.h"
#include "ringpeer/source_list.h"
#include "ringpeer/tests/docs/error_cases.h"
#include "ringpeer/tests/docs/full_network.h"

namespace ringpeer::docs {
namespace {

class Extension final : public PacketPeerExtension {
 public:
  Error get_error = Error::ERR_SKIP;
  Error put_error = Error::ERR_HELP;

 private:
  Error do_get_packet(std::span<const std::uint8_t>*) override { return get_error; }
  Error do_put_packet(std::span<const std::uint8_t>) override { return put_error; }
  int do_get_available_packet_count() const override { return 0; }
  int do_get_max_packet_size() const override { return 0; }
};

template <typename Value>
void refuses_option(Value EngineOptions::*option, Value value, const std::string& name) {
  EngineOptions options;
  options.*option = value;
  Error error = Error::OK;
  std::string message;
  EXPECT_EQ(Engine::create(options, &error, &message), nullptr) << name;
  gives(Error::ERR_INVALID_PARAMETER, error);
  EXPECT_NE(message.find(name), std::string::npos) << message;
}

// A flush or sync while the kernel takes nothing of what was put. Without threads nothing waits.
void is_busy(const EnginePointer& engine, bool syncs) {
  Sending sending(engine);
  EXPECT_EQ(sending.peer.put_packet(kByte), Error::OK);
  {
    const FullNetwork full;
    gives(engine->workers() == 0 ? Error::ERR_BUSY : Error::OK, sending.peer.put_packet(kByte));
    gives(engine->workers() == 0 ? Error::OK : Error::ERR_BUSY,
          syncs ? engine->sync() : engine->flush());
  }
  EXPECT_EQ(engine->flush(), Error::OK);  // it has gone on waiting
}

const ErrorCases kCases = {
    {"PacketPeerExtension | yours | all",
     [](const EnginePointer&) {
       Extension peer;
       std::span<const std::uint8_t> packet;
       Variant value;
       gives(peer.get_error, peer.get_packet(&packet));
       gives(peer.get_error, peer.get_var(&value));
       gives(peer.put_error, peer.put_packet(kByte));
       gives(peer.put_error, peer.put_var(1));
     }},
    {"PacketPeerExtension | ERR_OUT_OF_MEMORY | put_var",
     [](const EnginePointer&) {
       Extension peer;
       gives(Error::ERR_OUT_OF_MEMORY, peer.put_var(nested(1025)));
     }},
    {"Engine | ERR_INVALID_PARAMETER | create",
     [](const EnginePointer&) {
       using Options = EngineOptions;
       refuses_option(&Options::workers, -1, "workers");
       refuses_option(&Options::workers, kMaxWorkers + 1, "workers");
       const std::chrono::microseconds longest = kMaxLatencyBudget;
       refuses_option(&Options::latency_budget, LatencyBudget(-longest), "latency_budget");
       refuses_option(&Options::latency_budget,
                      LatencyBudget::automatic(longest + std::chrono::microseconds(1)),
                      "latency_budget");
       refuses_option(&Options::max_datagram, std::size_t{0}, "max_datagram");
       refuses_option(&Options::max_datagram, kLargestDatagram + 1, "max_datagram");
       EngineOptions small_trains;
       small_trains.gro = true;
       small_trains.max_datagram = kLargestIpv4Datagram - 1;
       EXPECT_EQ(Engine::create(small_trains), nullptr);
       refuses_option(&Options::payload_budget, kMinPayloadBudgetPerWorker - 1, "payload_budget");
       refuses_option(&Options::encode_buffers, kMaxEncodeBuffers + 1, "encode_buffers");
     }},
    {"Engine | ERR_UNAVAILABLE | sync",
     [](const EnginePointer& engine) {
       engine->stop();
       gives(Error::ERR_UNAVAILABLE, engine->sync());
     }},
    {"Engine | ERR_UNAVAILABLE | flush",
     [](const EnginePointer& engine) {
       engine->stop();
       gives(Error::ERR_UNAVAILABLE, engine->flush());
     }},
    {"Engine | ERR_BUSY | flush", [](const EnginePointer& engine) { is_busy(engine, false); }},
    {"Engine | ERR_BUSY | sync", [](const EnginePointer& engine) { is_busy(engine, true); }},
    {"SourceList | ERR_INVALID_PARAMETER | create",
     [](const EnginePointer&) {
       Error error = Error::OK;
       const SourcePrefix prefix = {net::IpAddress::parse("10.0.0.1").value(), 104};
       EXPECT_EQ(SourceList::create({&prefix, 1}, {}, &error), nullptr);
       gives(Error::ERR_INVALID_PARAMETER, error);
     }},
    {"Encoding and decoding | ERR_INVALID_DATA | decode_variant",
     [](const EnginePointer&) {
       Variant value;
       gives(Error::ERR_INVALID_DATA, decode_variant(kNoVariant, &value, nullptr));
     }},
    {"Encoding and decoding | ERR_INVALID_DATA | views",
     [](const EnginePointer&) { gives(Error::ERR_INVALID_DATA, PacketView().parse(kNoVariant)); }},
    {"Encoding and decoding | ERR_FILE_EOF | decode_variant",
     [](const EnginePointer&) {
       Variant value;
       gives(Error::ERR_FILE_EOF, decode_variant(kCutString, &value, nullptr));
     }},
    {"Encoding and decoding | ERR_FILE_EOF | views",
     [](const EnginePointer&) { gives(Error::ERR_FILE_EOF, PacketView().parse(kCutString)); }},
    {"Encoding and decoding | ERR_UNAUTHORIZED | decode_variant",
     [](const EnginePointer&) {
       Variant value;
       gives(Error::ERR_UNAUTHORIZED,
             decode_variant(encoded(full_object(), true), &value, nullptr));
     }},
    {"Encoding and decoding | ERR_UNAUTHORIZED | views",
     [](const EnginePointer&) {
       gives(Error::ERR_UNAUTHORIZED, PacketView().parse(encoded(full_object(), true)));
     }},
    {"Encoding and decoding | ERR_OUT_OF_MEMORY | decode_variant",
     [](const EnginePointer&) {
       Variant value;
       DecodeOptions options;
       options.limits.depth = 2;
       gives(Error::ERR_OUT_OF_MEMORY,
             decode_variant(encoded(nested(3)), &value, nullptr, options));
       options.limits = {};
       options.limits.nodes = 3;
       gives(Error::ERR_OUT_OF_MEMORY,
             decode_variant(encoded(nested(3)), &value, nullptr, options));
     }},
    {"Encoding and decoding | ERR_OUT_OF_MEMORY | views",
     [](const EnginePointer&) {
       DecodeOptions options;
       options.limits.depth = 2;
       gives(Error::ERR_OUT_OF_MEMORY, PacketView().parse(encoded(nested(3)), options));
     }},
    {"Encoding and decoding | ERR_OUT_OF_MEMORY | encode_variant",
     [](const EnginePointer&) {
       std::size_t size = 7;
       gives(Error::ERR_OUT_OF_MEMORY, encode_variant(nested(1025), {}, &size));
       EXPECT_EQ(size, 0u);
     }},
    {"Encoding and decoding | ERR_OUT_OF_MEMORY | str_to_var",
     [](const EnginePointer&) {
       Variant value;
       const std::string text = std::string(1026, '[') + std::string(1026, ']');
       gives(Error::ERR_OUT_OF_MEMORY, str_to_var(text, &value));
     }},
    {"Encoding and decoding | ERR_UNAVAILABLE | encode_variant",
     [](const EnginePointer&) {
       const Variant typed = Array(ContainerType::script("user://a.gd"));
       std::size_t size = 7;
       gives(Error::ERR_UNAVAILABLE, encode_variant(typed, {}, &size, {.full_objects = true}));
       EXPECT_EQ(size, 0u);
     }},
    {"Encoding and decoding | ERR_PARSE_ERROR | str_to_var",
     [](const EnginePointer&) {
       Variant value = 1;
       TextError error;
       gives(Error::ERR_PARSE_ERROR, str_to_var("Vector2(", &value, &error));
       EXPECT_TRUE(value.is_nil());
       EXPECT_EQ(error.line, 1u);
       EXPECT_FALSE(error.message.empty());
     }},
};

}  // namespace

ErrorCases other_errors() { return kCases; }

}  // namespace ringpeer::docs
