// Whatever comes over a stream, in whatever pieces: a PacketPeerStream gives the packets that the
// bytes are, as far as they fit, and nothing else.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "ringpeer/packet_peer_stream.h"
#include "ringpeer/tests/fuzz/fuzz_check.h"
#include "ringpeer/tests/fuzz/work_bound.h"

namespace {

using namespace ringpeer;

// Gives the bytes in pieces, of which each has a size of its own, and then the end.
class PiecesStream final : public StreamPeer {
 public:
  PiecesStream(std::span<const std::uint8_t> pieces, std::span<const std::uint8_t> bytes)
      : pieces_(pieces), bytes_(bytes) {}

  Error put_partial_data(std::span<const std::uint8_t> data, std::size_t* written) override {
    *written = data.size();
    return Error::OK;
  }
  Error get_partial_data(std::span<std::uint8_t> buffer, std::size_t* received) override {
    *received = 0;
    if (bytes_.empty()) return Error::ERR_FILE_EOF;
    std::size_t piece = buffer.size();
    if (!pieces_.empty()) {
      piece = pieces_[next_++ % pieces_.size()];
      if (piece == 0 && was_empty_) piece = 1;  // or it would never end
      was_empty_ = piece == 0;
    }
    *received = std::min({piece, buffer.size(), bytes_.size()});
    if (*received > 0) std::memcpy(buffer.data(), bytes_.data(), *received);
    bytes_ = bytes_.subspan(*received);
    return Error::OK;
  }

 private:
  std::span<const std::uint8_t> pieces_;
  std::span<const std::uint8_t> bytes_;
  std::size_t next_ = 0;
  bool was_empty_ = false;
};

// What the bytes say, read as a whole.
std::vector<std::span<const std::uint8_t>> packets_in(std::span<const std::uint8_t> bytes,
                                                      std::size_t most) {
  std::vector<std::span<const std::uint8_t>> packets;
  while (bytes.size() >= PacketPeerStream::kLengthSize) {
    std::uint32_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof(length));
    bytes = bytes.subspan(PacketPeerStream::kLengthSize);
    if (length > most || length > bytes.size()) break;
    packets.push_back(bytes.first(length));
    bytes = bytes.subspan(length);
  }
  return packets;
}

void read_all(std::span<const std::uint8_t> pieces, std::span<const std::uint8_t> bytes,
              int buffer_size) {
  PacketPeerStream peer(std::make_shared<PiecesStream>(pieces, bytes));
  peer.set_input_buffer_max_size(buffer_size);
  const auto expected =
      packets_in(bytes, static_cast<std::size_t>(peer.get_input_buffer_max_size()));
  std::size_t count = 0;
  // Each look moves a byte at least, or the next one does.
  for (std::size_t left = 2 * bytes.size() + 16; left > 0; --left) {
    FUZZ_CHECK(peer.get_available_packet_count() <= static_cast<int>(expected.size() - count));
    std::span<const std::uint8_t> packet;
    const Error error = peer.get_packet(&packet);
    if (error != Error::OK) continue;
    FUZZ_CHECK(count < expected.size());
    FUZZ_CHECK(std::ranges::equal(packet, expected[count]));
    ++count;
  }
  FUZZ_CHECK(count == expected.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  // A byte of the buffer's size, one of how many pieces there are, those, and the stream.
  const int buffer_size = 28 << data[0] % 8;
  const std::size_t pieces = std::min<std::size_t>(data[1] % 16, size - 2);
  const std::span<const std::uint8_t> input(data + 2, size - 2);
  fuzz::check_work("a stream", size,
                   [&] { read_all(input.first(pieces), input.subspan(pieces), buffer_size); });
  return 0;
}
