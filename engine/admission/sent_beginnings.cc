#include "ringpeer/engine/admission/sent_beginnings.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <new>

#include "ringpeer/codec/base/clock.h"
#include "ringpeer/engine/net/secret.h"
#include "ringpeer/engine/net/stirred.h"

namespace ringpeer::admission {

std::unique_ptr<SentBeginnings> SentBeginnings::create() {
  return std::unique_ptr<SentBeginnings>(new (std::nothrow) SentBeginnings());
}

SentBeginnings::SentBeginnings() { net::draw_secret(std::as_writable_bytes(std::span(keys_))); }

std::uint64_t SentBeginnings::now_us() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(base::Clock::now().time_since_epoch())
          .count());
}

// As net::EndpointHash does it, in one sum over destination and beginning: the upper half of it is
// strongly universal.
std::uint32_t SentBeginnings::hash_of(const net::Endpoint& destination,
                                      std::span<const std::uint8_t> beginning) const noexcept {
  assert(beginning.size() <= kBytes);
  std::array<std::uint32_t, kWords> words;
  std::memcpy(words.data(), &destination, sizeof(destination));
  std::uint8_t* const payload = reinterpret_cast<std::uint8_t*>(words.data() + kEndpointWords);
  if (beginning.size() == kBytes) [[likely]] {
    std::memcpy(payload, beginning.data(), kBytes);  // of constant size: no call
  } else {
    std::memset(payload, 0, kBytes);
    std::memcpy(payload, beginning.data(), beginning.size());
  }
  std::uint64_t sum = keys_[kWords];
  for (std::size_t i = 0; i < kWords; ++i) sum += keys_[i] * words[i];
  return net::stirred(static_cast<std::uint32_t>(sum >> 32));
}

void SentBeginnings::record(const net::Endpoint& destination, std::span<const std::uint8_t> payload,
                            std::uint64_t now_us) noexcept {
  if (payload.size() < kMinBytes) return;
  const std::uint32_t hash = hash_of(destination, payload.first(std::min(payload.size(), kBytes)));
  const auto time = static_cast<std::uint32_t>(now_us >> kTimeUnitLog2);
  Set& set = sets_[hash % kSets];
  const std::uint32_t next = set.next.load(std::memory_order_relaxed);
  set.entries[next].store((hash & ~kTimeMask) | (time & kTimeMask), std::memory_order_relaxed);
  set.next.store(next + 1 == kEntriesPerSet ? 0 : next + 1, std::memory_order_relaxed);
}

bool SentBeginnings::has(const net::Endpoint& destination, std::span<const std::uint8_t> beginning,
                         std::uint64_t now_us) const noexcept {
  assert(beginning.size() >= kMinBytes);
  const std::uint32_t hash =
      hash_of(destination, beginning.first(std::min(beginning.size(), kBytes)));
  const auto time = static_cast<std::uint32_t>(now_us >> kTimeUnitLog2);
  const Set& set = sets_[hash % kSets];
  return std::any_of(set.entries.begin(), set.entries.end(), [&](const auto& each) {
    const std::uint32_t entry = each.load(std::memory_order_relaxed);
    return ((entry ^ hash) & ~kTimeMask) == 0 &&
           ((time + kUnitsAhead - entry) & kTimeMask) <= kWindowUnits + kUnitsAhead;
  });
}

QuoteVerdict SentBeginnings::judge(const net::Endpoint& destination,
                                   std::span<const std::uint8_t> quote,
                                   std::uint64_t now_us) const noexcept {
  if (quote.size() >= kMinBytes && has(destination, quote, now_us)) return QuoteVerdict::kProved;
  // The beginning of a longer one, maybe.
  if (quote.size() < kBytes) return QuoteVerdict::kShort;
  // RFC 4884 has short packets padded with zeros.
  const auto rest = quote.first(kBytes).subspan(kMinBytes);
  const bool is_padded = std::all_of(rest.begin(), rest.end(), [](auto byte) { return byte == 0; });
  return is_padded ? QuoteVerdict::kShort : QuoteVerdict::kForged;
}

}  // namespace ringpeer::admission
