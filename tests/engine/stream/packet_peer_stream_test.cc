#include "ringpeer/packet_peer_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ringpeer/stream_peer_buffer.h"
#include "ringpeer/tests/engine/support/shifted_clock.h"
#include "ringpeer/tests/support/processor_time/processor_time.h"

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes framed(const std::string& text) {
  Bytes bytes(4 + text.size());
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(text.size() >> 8 * i);
  std::copy(text.begin(), text.end(), bytes.begin() + 4);
  return bytes;
}

Bytes plain(const std::string& text) { return {text.begin(), text.end()}; }

// A stream whose other side is the test's: takes and gives a few bytes at a time.
class TrickleStream final : public StreamPeer {
 public:
  std::size_t step = 1;
  std::size_t room = SIZE_MAX;  // bytes until it is full
  Bytes incoming;
  Bytes sent;
  Error broken = Error::OK;
  bool throws = false;  // instead of writing

  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override {
    if (throws) throw std::runtime_error("a stream's own");
    *written = broken == Error::OK ? std::min({data.size(), step, room}) : 0;
    room -= *written;
    sent.insert(sent.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(*written));
    return broken;
  }
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override {
    *received = std::min({buffer.size(), step, incoming.size()});
    const auto end = incoming.begin() + static_cast<std::ptrdiff_t>(*received);
    std::copy(incoming.begin(), end, buffer.begin());
    incoming.erase(incoming.begin(), end);
    return incoming.empty() && *received == 0 ? broken : Error::OK;
  }
};

// Has more, whenever it is asked.
class FloodingStream final : public StreamPeer {
 public:
  explicit FloodingStream(Bytes packet) : packet_(std::move(packet)) {}

  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override {
    *written = data.size();
    return Error::OK;
  }
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override {
    for (std::uint8_t& byte : buffer) byte = packet_[next_++ % packet_.size()];
    *received = buffer.size();
    return Error::OK;
  }

 private:
  const Bytes packet_;
  std::size_t next_ = 0;
};

// ---- The cases of Godot's own test.

TEST(PacketPeerStreamTest, ReadsAVariant) {
  auto buffer = std::make_shared<StreamPeerBuffer>();
  PacketPeerStream peer(buffer);
  ASSERT_EQ(Error::OK, peer.put_var("Godot Rules!!!"));
  EXPECT_EQ(buffer->seek(0), Error::OK);
  Variant value;
  EXPECT_EQ(Error::OK, peer.get_var(&value));
  EXPECT_EQ(Variant("Godot Rules!!!"), value);
}

TEST(PacketPeerStreamTest, HasNothingWithoutAStream) {
  PacketPeerStream peer;
  Variant value;
  EXPECT_EQ(Error::ERR_UNCONFIGURED, peer.get_var(&value));
  EXPECT_EQ(Error::ERR_UNCONFIGURED, peer.put_var(1));
  EXPECT_EQ(Error::ERR_UNCONFIGURED, peer.poll());
  EXPECT_EQ(0, peer.get_available_packet_count());
}

TEST(PacketPeerStreamTest, RefusesAVariantBeyondTheEncodeBuffer) {
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>());
  peer.set_encode_buffer_max_size(1024);
  EXPECT_EQ(Error::ERR_OUT_OF_MEMORY, peer.put_var(std::string(1025, '*')));
}

TEST(PacketPeerStreamTest, PutsTheLengthInFront) {
  auto buffer = std::make_shared<StreamPeerBuffer>();
  PacketPeerStream peer(buffer);
  EXPECT_EQ(Error::OK, peer.put_packet({}));
  EXPECT_EQ(0u, buffer->get_size());
  EXPECT_EQ(Error::OK, peer.put_packet(plain("Godot rules!")));
  EXPECT_EQ(framed("Godot rules!"), buffer->get_data_array());
}

TEST(PacketPeerStreamTest, GetsAPacket) {
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>(framed("Godot rules!")));
  EXPECT_EQ(1, peer.get_available_packet_count());
  EXPECT_EQ(plain("Godot rules!"), peer.get_packet());
  EXPECT_EQ(Error::OK, peer.get_packet_error());
  EXPECT_TRUE(peer.get_packet().empty());
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.get_packet_error());
}

// ---- And beyond.

TEST(PacketPeerStreamTest, PutsPacketsTogetherFromAnyPieces) {
  for (const std::size_t step : {1u, 2u, 3u, 5u, 7u, 100u}) {
    auto stream = std::make_shared<TrickleStream>();
    stream->step = step;
    PacketPeerStream peer(stream);
    Bytes expected;
    for (const char* text : {"one", "", "three", "a longer packet"}) {
      const Bytes frame = framed(text);
      stream->incoming.insert(stream->incoming.end(), frame.begin(), frame.end());
      if (*text != 0) {
        EXPECT_EQ(Error::OK, peer.put_packet(plain(text)));
        expected.insert(expected.end(), frame.begin(), frame.end());
      }
    }
    EXPECT_EQ(expected, stream->sent);
    EXPECT_EQ(4, peer.get_available_packet_count());
    EXPECT_EQ(plain("one"), peer.get_packet());
    EXPECT_TRUE(peer.get_packet().empty());
    EXPECT_EQ(Error::OK, peer.get_packet_error()) << "an empty packet is a packet";
    EXPECT_EQ(plain("three"), peer.get_packet());
    EXPECT_EQ(plain("a longer packet"), peer.get_packet());
  }
}

TEST(PacketPeerStreamTest, ViewStaysWhileMoreArrives) {
  auto stream = std::make_shared<TrickleStream>();
  stream->incoming = framed("first");
  PacketPeerStream peer(stream);
  std::span<const std::uint8_t> view;
  ASSERT_EQ(Error::OK, peer.get_packet(&view));
  stream->incoming = framed("second");
  EXPECT_EQ(1, peer.get_available_packet_count());
  EXPECT_EQ(plain("first"), Bytes(view.begin(), view.end()));
}

TEST(PacketPeerStreamTest, WaitsForRoomInsteadOfBlocking) {
  auto stream = std::make_shared<TrickleStream>();
  stream->step = 64;
  stream->room = 10;
  PacketPeerStream peer(stream);
  peer.set_output_buffer_max_size(12);
  EXPECT_EQ(12, peer.get_output_buffer_max_size());
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, peer.put_packet(Bytes(13)));
  EXPECT_EQ(Error::OK, peer.put_packet(plain("0123456789ab")));
  EXPECT_EQ(6u, peer.get_pending_output());
  EXPECT_EQ(Error::ERR_BUSY, peer.put_packet(plain("0123456789ab")));
  EXPECT_EQ(Error::OK, peer.put_packet(plain("tiny")));
  EXPECT_EQ(14u, peer.get_pending_output());
  stream->room = SIZE_MAX;
  EXPECT_EQ(Error::OK, peer.poll());
  EXPECT_EQ(0u, peer.get_pending_output());
  Bytes expected = framed("0123456789ab");
  const Bytes tiny = framed("tiny");
  expected.insert(expected.end(), tiny.begin(), tiny.end());
  EXPECT_EQ(expected, stream->sent);
}

TEST(PacketPeerStreamTest, SaysThatAPacketWillNeverFit) {
  PacketPeerStream peer;
  peer.set_input_buffer_max_size(28);
  EXPECT_EQ(28, peer.get_input_buffer_max_size());
  auto stream = std::make_shared<TrickleStream>();
  stream->incoming = {29, 0, 0, 0};
  peer.set_stream_peer(stream);
  EXPECT_EQ(-1, peer.get_available_packet_count());
  EXPECT_TRUE(peer.get_packet().empty());
  EXPECT_EQ(Error::ERR_UNAVAILABLE, peer.get_packet_error());
  peer.set_stream_peer(std::make_shared<StreamPeerBuffer>(Bytes{0xff, 0xff, 0xff, 0xff, 1}));
  EXPECT_EQ(-1, peer.get_available_packet_count());
}

TEST(PacketPeerStreamTest, ChecksBufferSizesAsGodotDoes) {
  auto buffer = std::make_shared<StreamPeerBuffer>(framed("waiting"));
  PacketPeerStream peer(buffer);
  EXPECT_EQ(65532, peer.get_input_buffer_max_size());
  EXPECT_EQ(65532, peer.get_output_buffer_max_size());
  peer.set_input_buffer_max_size(-1);
  peer.set_output_buffer_max_size(-1);
  EXPECT_EQ(65532, peer.get_input_buffer_max_size());
  EXPECT_EQ(65532, peer.get_output_buffer_max_size());
  peer.set_output_buffer_max_size(100000);
  EXPECT_EQ(131068, peer.get_output_buffer_max_size());
  EXPECT_EQ(1, peer.get_available_packet_count());
  peer.set_input_buffer_max_size(100000);
  EXPECT_EQ(65532, peer.get_input_buffer_max_size()) << "a packet waits in it";
  peer.get_packet();
  peer.set_input_buffer_max_size(100000);
  EXPECT_EQ(131068, peer.get_input_buffer_max_size());
}

TEST(PacketPeerStreamTest, CarriesAValueAsLargeAsItsBuffers) {
  auto buffer = std::make_shared<StreamPeerBuffer>();
  PacketPeerStream peer(buffer);
  PackedByteArray bytes;
  bytes.resize(200000);
  EXPECT_EQ(Error::ERR_INVALID_PARAMETER, peer.put_var(bytes));
  peer.set_output_buffer_max_size(262140);
  peer.set_input_buffer_max_size(262140);
  ASSERT_EQ(Error::OK, peer.put_var(bytes));
  EXPECT_EQ(buffer->seek(0), Error::OK);
  EXPECT_EQ(Variant(bytes), peer.get_var());
}

TEST(PacketPeerStreamTest, ReportsABrokenStreamAfterWhatArrived) {
  auto stream = std::make_shared<TrickleStream>();
  stream->incoming = framed("last words");
  stream->broken = Error::ERR_FILE_EOF;
  PacketPeerStream peer(stream);
  EXPECT_EQ(1, peer.get_available_packet_count());
  EXPECT_EQ(plain("last words"), peer.get_packet());
  Variant value;
  EXPECT_EQ(Error::ERR_FILE_EOF, peer.get_var(&value));
  EXPECT_EQ(Error::ERR_FILE_EOF, peer.put_packet(plain("too late")));
}

// ---- Streams that fail.

TEST(PacketPeerStreamTest, APutThatFailedIsSentOnceWhenItIsPutAgain) {
  auto stream = std::make_shared<TrickleStream>();
  stream->step = 64;
  PacketPeerStream peer(stream);
  for (const Error error : {Error::FAILED, Error::ERR_FILE_EOF, Error::ERR_OUT_OF_MEMORY}) {
    stream->sent.clear();
    stream->incoming = framed("so that reading goes on");
    stream->broken = error;
    EXPECT_EQ(error, peer.put_packet(plain("once")));
    EXPECT_EQ(0u, peer.get_pending_output());
    stream->broken = Error::OK;
    EXPECT_EQ(Error::OK, peer.put_packet(plain("once")));
    EXPECT_EQ(framed("once"), stream->sent);
  }
}

TEST(PacketPeerStreamTest, APutWhoseStreamThrewIsSentOnceWhenItIsPutAgain) {
  auto stream = std::make_shared<TrickleStream>();
  stream->step = 64;
  PacketPeerStream peer(stream);
  stream->throws = true;
  EXPECT_THROW((void)peer.put_packet(plain("once")), std::runtime_error);
  EXPECT_EQ(0u, peer.get_pending_output());
  stream->throws = false;
  EXPECT_EQ(Error::OK, peer.put_packet(plain("once")));
  EXPECT_EQ(framed("once"), stream->sent);
}

// A stream that throws when `left` bytes have gone.
class ThrowingStream final : public StreamPeer {
 public:
  std::size_t left = 0;
  Bytes sent;

  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override {
    if (left == 0) throw std::runtime_error("a stream's own");
    *written = std::min(data.size(), left);
    left -= *written;
    sent.insert(sent.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(*written));
    return Error::OK;
  }
  Error get_partial_data(std::span<std::uint8_t>, std::size_t* received) override {
    *received = 0;
    return Error::OK;
  }
};

// Nothing may be put twice, and nothing may be torn: a packet that was begun is accepted.
TEST(PacketPeerStreamTest, APacketThatWasBegunWhenTheStreamThrewIsFinished) {
  for (std::size_t begun = 1; begun <= 7; ++begun) {
    auto stream = std::make_shared<ThrowingStream>();
    PacketPeerStream peer(stream);
    stream->left = begun;
    EXPECT_EQ(Error::OK, peer.put_packet(plain("first")));
    EXPECT_THROW((void)peer.put_packet(plain("second")), std::runtime_error);
    stream->left = SIZE_MAX;
    EXPECT_EQ(Error::OK, peer.put_packet(plain("second")));
    Bytes expected = framed("first");
    const Bytes second = framed("second");
    expected.insert(expected.end(), second.begin(), second.end());
    EXPECT_EQ(expected, stream->sent);
  }
}

// What was accepted and can never go is not lost in silence.
TEST(PacketPeerStreamTest, TellsThatWhatWaitedIsLost) {
  auto stream = std::make_shared<TrickleStream>();
  stream->room = 0;
  PacketPeerStream peer(stream);
  ASSERT_EQ(Error::OK, peer.put_packet(plain("waits")));
  stream->incoming = framed("some");
  stream->broken = Error::FAILED;
  EXPECT_EQ(1, peer.get_available_packet_count());
  EXPECT_EQ(0u, peer.get_pending_output());
  stream->broken = Error::OK;
  stream->room = SIZE_MAX;
  EXPECT_EQ(Error::FAILED, peer.poll());
  EXPECT_EQ(Error::OK, peer.poll());
  EXPECT_EQ(Error::OK, peer.put_packet(plain("new")));
  EXPECT_EQ(framed("new"), stream->sent);
}

// ---- Streams that end.

TEST(PacketPeerStreamTest, TheEndOfTheStreamIsToldBehindThePacketsAndStays) {
  for (const Error end : {Error::ERR_FILE_EOF, Error::FAILED}) {
    auto stream = std::make_shared<TrickleStream>();
    stream->step = 64;
    stream->incoming = framed("last words");
    stream->broken = end;
    PacketPeerStream peer(stream);
    std::vector<Bytes> packets;
    while (peer.get_available_packet_count() > 0) {
      EXPECT_EQ(Error::OK, peer.poll()) << "there is something to be had";
      packets.push_back(peer.get_packet());
    }
    EXPECT_EQ((std::vector<Bytes>{plain("last words")}), packets);
    stream->broken = Error::ERR_UNCONFIGURED;  // what a closed stream may say later
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(end, peer.poll());
      EXPECT_EQ(0, peer.get_available_packet_count());
      EXPECT_TRUE(peer.get_packet().empty());
      EXPECT_EQ(end, peer.get_packet_error());
      EXPECT_EQ(end, peer.put_packet(plain("too late")));
    }
  }
}

TEST(PacketPeerStreamTest, AnEndedStreamTakesNoPutsWhilePacketsWait) {
  auto stream = std::make_shared<TrickleStream>();
  stream->step = 64;
  stream->incoming = framed("last words");
  stream->broken = Error::ERR_FILE_EOF;
  PacketPeerStream peer(stream);
  ASSERT_EQ(1, peer.get_available_packet_count());
  EXPECT_EQ(Error::ERR_FILE_EOF, peer.put_packet(plain("too late")));
  EXPECT_EQ(plain("last words"), peer.get_packet());
}

// A stream that is closed by a failed write, with what had arrived unread.
class ClosingStream final : public StreamPeer {
 public:
  Bytes incoming;
  bool full = true;  // takes nothing; otherwise it fails
  bool closed = false;

  Error put_partial_data(std::span<const std::uint8_t>, std::size_t* written) override {
    *written = 0;
    if (full) return Error::OK;
    closed = true;
    return Error::FAILED;
  }
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override {
    *received = closed ? 0 : std::min(buffer.size(), incoming.size());
    const auto end = incoming.begin() + static_cast<std::ptrdiff_t>(*received);
    std::copy(incoming.begin(), end, buffer.begin());
    incoming.erase(incoming.begin(), end);
    return closed ? Error::ERR_UNCONFIGURED : Error::OK;
  }
};

TEST(PacketPeerStreamTest, WhatArrivedBeforeAFailedWriteIsDelivered) {
  auto stream = std::make_shared<ClosingStream>();
  PacketPeerStream peer(stream);
  ASSERT_EQ(Error::OK, peer.put_packet(plain("question")));
  stream->incoming = framed("reply");
  stream->full = false;
  EXPECT_EQ(plain("reply"), peer.get_packet());
  EXPECT_EQ(Error::OK, peer.get_packet_error());
  EXPECT_EQ(Error::FAILED, peer.poll()) << "the question is lost";
  EXPECT_EQ(Error::ERR_UNCONFIGURED, peer.poll());
}

// A packet that was begun when the stream ended does not come any more: what comes instead,
// if anything, is another connection's.
TEST(PacketPeerStreamTest, APacketThatTheEndCutIsForgotten) {
  auto stream = std::make_shared<TrickleStream>();
  stream->step = 64;
  stream->incoming = {12, 0, 0, 0, 'h', 'a', 'l', 'f'};
  stream->broken = Error::FAILED;
  PacketPeerStream peer(stream);
  EXPECT_EQ(Error::FAILED, peer.poll());
  stream->broken = Error::OK;
  stream->incoming = framed("whole");
  EXPECT_EQ(plain("whole"), peer.get_packet());
  EXPECT_EQ(Error::OK, peer.poll());
}

TEST(PacketPeerStreamTest, EveryCallSendsWhatWaits) {
  const std::vector<std::function<void(PacketPeerStream&)>> calls = {
      [](PacketPeerStream& peer) { (void)peer.poll(); },
      [](PacketPeerStream& peer) { peer.get_available_packet_count(); },
      [](PacketPeerStream& peer) { peer.get_packet(); },
      [](PacketPeerStream& peer) { peer.get_var(); },
      [](PacketPeerStream& peer) { (void)peer.put_packet(plain("more")); },
      [](PacketPeerStream& peer) { (void)peer.put_var(1); }};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (const bool packets_wait : {false, true}) {
      auto stream = std::make_shared<TrickleStream>();
      stream->step = 64;
      stream->room = 0;
      if (packets_wait) stream->incoming = framed("waiting");
      PacketPeerStream peer(stream);
      ASSERT_EQ(Error::OK, peer.put_packet(plain("waits")));
      ASSERT_EQ(packets_wait ? 1 : 0, peer.get_available_packet_count());
      stream->room = SIZE_MAX;
      calls[i](peer);
      EXPECT_EQ(0u, peer.get_pending_output()) << "call " << i;
    }
  }
}

// ---- Calls from within the stream.

// A stream whose functions call the peer that calls them.
class MeddlingStream final : public StreamPeer {
 public:
  PacketPeerStream* peer = nullptr;
  Bytes incoming;
  Bytes sent;
  int calls = 0;

  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override {
    meddle();
    *written = std::min<std::size_t>(data.size(), 3);
    sent.insert(sent.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(*written));
    return Error::OK;
  }
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override {
    meddle();
    *received = std::min<std::size_t>({buffer.size(), incoming.size(), 3});
    const auto end = incoming.begin() + static_cast<std::ptrdiff_t>(*received);
    std::copy(incoming.begin(), end, buffer.begin());
    incoming.erase(incoming.begin(), end);
    return Error::OK;
  }

 private:
  void meddle() {
    ++calls;
    EXPECT_EQ(Error::ERR_LOCKED, peer->put_packet(Bytes(60000)));
    EXPECT_EQ(Error::ERR_LOCKED, peer->poll());
    std::span<const std::uint8_t> packet;
    EXPECT_EQ(Error::ERR_LOCKED, peer->get_packet(&packet));
    EXPECT_GE(peer->get_available_packet_count(), 0);
    peer->set_input_buffer_max_size(1 << 20);
    peer->set_output_buffer_max_size(1 << 20);
    peer->set_stream_peer(nullptr);
  }
};

TEST(PacketPeerStreamTest, CallsFromWithinTheStreamAreRefused) {
  auto stream = std::make_shared<MeddlingStream>();
  PacketPeerStream peer(stream);
  stream->peer = &peer;
  Bytes expected;
  for (const char* text : {"one", "two", "three and more"}) {
    const Bytes frame = framed(text);
    stream->incoming.insert(stream->incoming.end(), frame.begin(), frame.end());
    EXPECT_EQ(Error::OK, peer.put_packet(plain(text)));
    expected.insert(expected.end(), frame.begin(), frame.end());
  }
  EXPECT_EQ(expected, stream->sent);
  EXPECT_EQ(stream, peer.get_stream_peer());
  EXPECT_EQ(3, peer.get_available_packet_count());
  EXPECT_EQ(plain("one"), peer.get_packet());
  EXPECT_EQ(plain("two"), peer.get_packet());
  EXPECT_EQ(plain("three and more"), peer.get_packet());
  EXPECT_GT(stream->calls, 10);
}

// ---- The price of a packet.

constexpr int kSmallBuffer = 64 << 10;
constexpr int kLargeBuffer = 8 << 20;
constexpr std::size_t kTinyPacket = 8;
constexpr int kMeasuredPackets = 4000;
// What was wrong cost a factor of 800; caches alone make one of 2.
constexpr int kSameOrderOfMagnitude = 20;

// The time of kMeasuredPackets gets, with a count before each, while `buffer` bytes wait.
std::chrono::nanoseconds time_of_gets(int buffer) {
  Bytes frames(static_cast<std::size_t>(buffer));
  for (std::size_t i = 0; i < frames.size(); i += 4 + kTinyPacket) frames[i] = kTinyPacket;
  PacketPeerStream peer(std::make_shared<StreamPeerBuffer>(std::move(frames)));
  peer.set_input_buffer_max_size(buffer - 4);
  EXPECT_GT(peer.get_available_packet_count(), kMeasuredPackets);
  const auto begin = test::processor_time();
  std::span<const std::uint8_t> packet;
  for (int i = 0; i < kMeasuredPackets; ++i) {
    EXPECT_GT(peer.get_available_packet_count(), 0);
    EXPECT_EQ(Error::OK, peer.get_packet(&packet));
  }
  return test::processor_time() - begin;
}

// The same for puts behind a full output buffer, of which the stream takes a packet at
// each.
std::chrono::nanoseconds time_of_puts(int buffer) {
  const Bytes packet(kTinyPacket);
  const Bytes half(static_cast<std::size_t>(buffer / 2 - 4));
  auto stream = std::make_shared<TrickleStream>();
  stream->step = 4 + kTinyPacket;
  stream->room = 0;
  PacketPeerStream peer(stream);
  peer.set_output_buffer_max_size(buffer - 4);
  EXPECT_EQ(Error::OK, peer.put_packet(half));
  EXPECT_EQ(Error::OK, peer.put_packet(Bytes(half.size() - 4 - kTinyPacket)));
  EXPECT_EQ(Error::OK, peer.put_packet(packet));
  EXPECT_EQ(Error::ERR_BUSY, peer.put_packet(packet));
  const auto begin = test::processor_time();
  for (int i = 0; i < kMeasuredPackets; ++i) {
    stream->room = 4 + kTinyPacket;
    EXPECT_EQ(Error::OK, peer.put_packet(packet));
  }
  return test::processor_time() - begin;
}

// The best of a few rounds: whatever disturbs makes one slower.
template <typename Measure>
std::chrono::nanoseconds best_of(Measure measure, int buffer) {
  auto best = std::chrono::nanoseconds::max();
  for (int round = 0; round < 3; ++round) best = std::min(best, measure(buffer));
  return best;
}

TEST(PacketPeerStreamTest, AGetCostsTheSameHoweverMuchWaits) {
  EXPECT_LT(best_of(time_of_gets, kLargeBuffer),
            kSameOrderOfMagnitude * best_of(time_of_gets, kSmallBuffer));
}

TEST(PacketPeerStreamTest, APutCostsTheSameHoweverMuchWaits) {
  EXPECT_LT(best_of(time_of_puts, kLargeBuffer),
            kSameOrderOfMagnitude * best_of(time_of_puts, kSmallBuffer));
}

// ---- Loops that take until nothing waits.

constexpr std::size_t kFloodPacket = 1000;  // with its length
constexpr std::size_t kShare = 65536 / kFloodPacket;

PacketPeerStream flooded_peer() {
  return PacketPeerStream(
      std::make_shared<FloodingStream>(framed(std::string(kFloodPacket - 4, 'x'))));
}

TEST(PacketPeerStreamLoopTest, OfCountsEndsUnderAFlood) {
  PacketPeerStream peer = flooded_peer();
  for (int loop = 0; loop < 3; ++loop) {
    std::size_t got = 0;
    while (got < 10 * kShare && peer.get_available_packet_count() > 0) {
      EXPECT_EQ(peer.get_packet().size(), kFloodPacket - 4);
      ++got;
    }
    EXPECT_EQ(got, kShare) << loop;
  }
}

TEST(PacketPeerStreamLoopTest, OfGetsEndsUnderAFlood) {
  PacketPeerStream peer = flooded_peer();
  for (int loop = 0; loop < 3; ++loop) {
    std::size_t got = 0;
    std::span<const std::uint8_t> packet;
    Error error = Error::OK;
    while (got < 10 * kShare && (error = peer.get_packet(&packet)) == Error::OK) ++got;
    EXPECT_EQ(got, kShare) << loop;
    EXPECT_EQ(error, Error::ERR_UNAVAILABLE);
  }
}

TEST(PacketPeerStreamLoopTest, BeginsAgainWithAPoll) {
  PacketPeerStream peer = flooded_peer();
  for (std::size_t got = 0; got < 4 * kShare; ++got) {
    if (got % kShare == 0) {
      EXPECT_EQ(peer.poll(), Error::OK);
    }
    ASSERT_GT(peer.get_available_packet_count(), 0) << got;
    EXPECT_FALSE(peer.get_packet().empty());
  }
}

// What was counted is given.
TEST(PacketPeerStreamLoopTest, OfAsManyAsWereCountedGetsThemAll) {
  PacketPeerStream peer = flooded_peer();
  for (int loop = 0; loop < 10; ++loop) {
    for (int left = peer.get_available_packet_count(); left > 0; --left) {
      ASSERT_EQ(peer.get_packet().size(), kFloodPacket - 4);
    }
  }
}

// Who gets one a frame never says "nothing" either, and must not lag behind for it.
TEST(PacketPeerStreamLoopTest, ThatGetsOneAFrameIsNeverEnded) {
  const auto stream = std::make_shared<TrickleStream>();
  stream->step = SIZE_MAX;
  const Bytes packet = framed(std::string(kFloodPacket - 4, 'x'));
  PacketPeerStream peer(stream);
  stream->incoming = packet;
  for (std::size_t frame = 0; frame < 3 * kShare; ++frame) {
    test::shift_monotonic_clock(frame * std::chrono::milliseconds(16));
    stream->incoming.insert(stream->incoming.end(), packet.begin(), packet.end());
    ASSERT_GT(peer.get_available_packet_count(), 0) << frame;
    EXPECT_FALSE(peer.get_packet().empty());
  }
  test::reset_clocks();
}

// However much that is.
TEST(PacketPeerStreamLoopTest, GetsAllThatHadComeBefore) {
  constexpr std::size_t kPackets = 20 * kShare;
  const Bytes packet = framed(std::string(kFloodPacket - 4, 'x'));
  Bytes all;
  for (std::size_t i = 0; i < kPackets; ++i) all.insert(all.end(), packet.begin(), packet.end());
  PacketPeerStream counted(std::make_shared<StreamPeerBuffer>(all));
  std::size_t got = 0;
  for (; counted.get_available_packet_count() > 0; ++got)
    EXPECT_FALSE(counted.get_packet().empty());
  EXPECT_EQ(got, kPackets);
  PacketPeerStream asked(std::make_shared<StreamPeerBuffer>(all));
  got = 0;
  for (std::span<const std::uint8_t> bytes; asked.get_packet(&bytes) == Error::OK;) ++got;
  EXPECT_EQ(got, kPackets);
}

// Nor is what was sent before the end cut in two.
TEST(PacketPeerStreamLoopTest, GetsAllThatIsLeftOfAStreamThatHasEnded) {
  const auto stream = std::make_shared<TrickleStream>();
  const Bytes packet = framed("the last words");
  constexpr std::size_t kPackets = 5000;  // more than an input buffer, less than two
  for (std::size_t i = 0; i < kPackets; ++i) {
    stream->incoming.insert(stream->incoming.end(), packet.begin(), packet.end());
  }
  stream->step = SIZE_MAX;
  stream->broken = Error::ERR_FILE_EOF;
  PacketPeerStream peer(stream);
  std::size_t got = 0;
  for (; peer.get_available_packet_count() > 0; ++got) EXPECT_FALSE(peer.get_packet().empty());
  EXPECT_EQ(got, kPackets);
  EXPECT_EQ(peer.poll(), Error::ERR_FILE_EOF);
}

}  // namespace
}  // namespace ringpeer
