#include "ringpeer/engine/admission/source_buckets.h"

#include <cstring>
#include <new>
#include <span>

#include "ringpeer/codec/base/sip_hash.h"
#include "ringpeer/engine/net/secret.h"

namespace ringpeer::admission {

std::unique_ptr<SourceBuckets> SourceBuckets::create(const BucketRate& rate) {
  return std::unique_ptr<SourceBuckets>(new (std::nothrow) SourceBuckets(rate));
}

SourceBuckets::SourceBuckets(const BucketRate& rate) : rate_(rate) {
  net::draw_secret(std::as_writable_bytes(std::span(key_)));
}

// Eight bytes tell sources of either family apart: the lower half of a mapped address begins with
// 0:ffff, and 0::/8 is the /64 of nobody.
std::uint64_t SourceBuckets::hash_of(const net::IpAddress& source) const {
  std::uint64_t word = 0;
  const std::size_t offset = source.is_ipv4() ? sizeof(word) : 0;
  std::memcpy(&word, source.bytes().data() + offset, sizeof(word));
  SipHash hash(key_[0], key_[1]);
  hash.absorb(word);
  return hash.finish();
}

// The source's own, or the one that owes least, made new for it.
SourceBuckets::Entry& SourceBuckets::entry_for(std::uint64_t hash, std::uint64_t now_us) {
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  Set& set = sets_[hash % kSets];
  for (Entry& entry : set.entries) {
    if (entry.tag == tag) return entry;
  }
  Entry* least = nullptr;
  std::uint32_t least_owed = UINT32_MAX;
  for (Entry& entry : set.entries) {
    const std::uint32_t owed = owed_ticks(entry.bucket, now_us, heard_us(entry));
    if (owed >= least_owed) continue;
    least = &entry;
    least_owed = owed;
  }
  if (least_owed > 0) ++forgiven_;
  *least = Entry{.tag = tag, .heard = 0, .bucket = {}};
  return *least;
}

bool SourceBuckets::take(const net::IpAddress& source, std::uint64_t now_us, std::uint32_t bytes,
                         std::uint32_t packets) noexcept {
  Entry& entry = entry_for(hash_of(source), now_us);
  const bool is_taken =
      admission::take(entry.bucket, rate_, now_us, heard_us(entry), bytes, packets);
  entry.heard = static_cast<std::uint32_t>(now_us >> kHeardUnitLog2);
  return is_taken;
}

}  // namespace ringpeer::admission
