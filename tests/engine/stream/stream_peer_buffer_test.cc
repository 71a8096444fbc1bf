#include "ringpeer/stream_peer_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ringpeer/packet_peer_stream.h"

namespace ringpeer {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes numbered(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return bytes;
}

// What a put of `data` at `position` makes of `bytes`.
Bytes overwritten(Bytes bytes, std::size_t position, const Bytes& data) {
  bytes.resize(std::max(bytes.size(), position + data.size()));
  std::copy(data.begin(), data.end(), bytes.begin() + static_cast<std::ptrdiff_t>(position));
  return bytes;
}

// Any part of the stream's own bytes, put at any position: as if it had been a copy.
TEST(StreamPeerBufferTest, TakesAPartOfItsOwnData) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto up_to = [&random](std::size_t most) {
      return std::uniform_int_distribution<std::size_t>(0, most)(random);
    };
    const Bytes before = numbered(1 + up_to(5000));
    StreamPeerBuffer buffer(before);
    const std::size_t position = up_to(before.size());
    const std::size_t offset = up_to(before.size());
    const std::size_t size = up_to(before.size() - offset);
    ASSERT_EQ(Error::OK, buffer.seek(position));
    const auto part = std::span(buffer.get_data_array()).subspan(offset, size);
    const Bytes copy(part.begin(), part.end());
    std::size_t written = 0;
    ASSERT_EQ(Error::OK, buffer.put_partial_data(part, &written));
    ASSERT_EQ(size, written);
    ASSERT_EQ(overwritten(before, position, copy), buffer.get_data_array());
    ASSERT_EQ(position + size, buffer.get_position());
  }
}

TEST(StreamPeerBufferTest, BecomesItsOwnData) {
  StreamPeerBuffer buffer(numbered(1000));
  buffer.set_data_array(buffer.get_data_array());
  EXPECT_EQ(numbered(1000), buffer.get_data_array());
}

// A packet may be the stream's bytes, or what the last get of the peer gave.
TEST(StreamPeerBufferTest, CarriesPacketsOfItsOwnData) {
  auto buffer = std::make_shared<StreamPeerBuffer>(numbered(300));
  ASSERT_EQ(Error::OK, buffer->seek(300));
  PacketPeerStream peer(buffer);
  ASSERT_EQ(Error::OK, peer.put_packet(buffer->get_data_array()));
  ASSERT_EQ(Error::OK, buffer->seek(300));
  std::span<const std::uint8_t> view;
  ASSERT_EQ(Error::OK, peer.get_packet(&view));
  ASSERT_EQ(Error::OK, peer.put_packet(view));
  ASSERT_EQ(Error::OK, buffer->seek(300 + PacketPeerStream::kLengthSize + 300));
  EXPECT_EQ(numbered(300), peer.get_packet());
}

}  // namespace
}  // namespace ringpeer
