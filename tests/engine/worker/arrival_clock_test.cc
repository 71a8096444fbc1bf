#include <gtest/gtest.h>
#include <sys/socket.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "ringpeer/engine/worker/arrival_metadata.h"

namespace ringpeer::worker {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kWall = 1'700'000'000 * kSecondNs;
constexpr std::uint64_t kNowUs = 5'000'000'000;  // beyond 32 bits

// A datagram that the kernel got when its wall clock showed this.
class Stamped {
 public:
  explicit Stamped(std::int64_t wall_ns) {
    auto* header = reinterpret_cast<cmsghdr*>(control_.data());
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_TIMESTAMPNS;
    header->cmsg_len = CMSG_LEN(sizeof(timespec));
    const timespec stamp{wall_ns / kSecondNs, wall_ns % kSecondNs};
    std::memcpy(CMSG_DATA(header), &stamp, sizeof(stamp));
    datagram_.control = control_.data();
    datagram_.control_size = static_cast<std::uint16_t>(control_.size());
  }
  const backend::Datagram& datagram() const { return datagram_; }

 private:
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(timespec))> control_{};
  backend::Datagram datagram_{};
};

std::uint64_t age_us(const ArrivalClock& clock, std::uint64_t now_us, std::int64_t stamp) {
  return static_cast<std::uint32_t>(now_us) - clock.arrival_us(Stamped(stamp).datagram());
}

TEST(ArrivalClock, TellsHowLongADatagramWasInTheSocket) {
  ArrivalClock clock;
  clock.set(kNowUs, kWall);
  EXPECT_EQ(age_us(clock, kNowUs, kWall), 0u);
  EXPECT_EQ(age_us(clock, kNowUs, kWall - 250'000), 250u);
  EXPECT_EQ(age_us(clock, kNowUs, kWall - 600 * kSecondNs), 600'000'000u);
  EXPECT_EQ(clock.arrival_us(backend::Datagram{}), static_cast<std::uint32_t>(kNowUs))
      << "without a stamp";
}

TEST(ArrivalClock, NothingComesFromTheFutureNorFromLongAgo) {
  ArrivalClock clock;
  clock.set(kNowUs, kWall);
  EXPECT_EQ(age_us(clock, kNowUs, kWall + kSecondNs), 0u);
  EXPECT_EQ(age_us(clock, kNowUs, kWall + 7200 * kSecondNs), 0u);
  EXPECT_EQ(age_us(clock, kNowUs, kWall - 7200 * kSecondNs), 3'600'000'000u);
}

TEST(ArrivalClock, GoesByTheWorkersClockWhenTheWallClockWasSet) {
  for (const std::int64_t step : {-kSecondNs, kSecondNs, -7200 * kSecondNs, 7200 * kSecondNs}) {
    ArrivalClock clock;
    clock.set(kNowUs, kWall);
    // 1 ms later the wall clock has been set: stamps may be from before.
    clock.set(kNowUs + 1000, kWall + 1'000'000 + step);
    EXPECT_EQ(age_us(clock, kNowUs + 1000, kWall + 500'000), 0u);
    // And goes on from there.
    clock.set(kNowUs + 2000, kWall + 2'000'000 + step);
    EXPECT_EQ(age_us(clock, kNowUs + 2000, kWall + 1'500'000 + step), 500u);
  }
}

TEST(ArrivalClock, BearsThatTheWallClockIsSlewed) {
  ArrivalClock clock;
  clock.set(kNowUs, kWall);
  clock.set(kNowUs + 1'000'000, kWall + kSecondNs + 500'000);
  EXPECT_EQ(age_us(clock, kNowUs + 1'000'000, kWall + kSecondNs), 500u);
}

}  // namespace
}  // namespace ringpeer::worker
