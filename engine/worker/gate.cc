#include "ringpeer/engine/worker/gate.h"

#include <utility>

#include "ringpeer/codec/base/exceptions.h"

namespace ringpeer::worker {
namespace {

std::unique_ptr<admission::SourceBuckets> make_sources(const AdmissionOptions& options) {
  if (!options.limit_rates) return nullptr;
  auto sources = admission::SourceBuckets::create(admission::BucketRate(options.source));
  if (sources == nullptr) refuse_memory();
  return sources;
}

}  // namespace

Gate::Gate(const AdmissionOptions& options)
    : remote_rate_(options.limit_rates ? admission::BucketRate(options.remote)
                                       : admission::BucketRate()),
      sources_(make_sources(options)),
      newcomers_{options.limit_rates ? admission::BucketRate({options.new_remotes_per_second})
                                     : admission::BucketRate()},
      challenges_{admission::BucketRate({kMaxChallengesPerSecond})} {}

bool Gate::is_valid(const AdmissionOptions& options) {
  return admission::BucketRate::is_valid(options.source) &&
         admission::BucketRate::is_valid(options.remote) &&
         admission::BucketRate::is_valid({options.new_remotes_per_second});
}

void Gate::forgive(Remote& remote, std::uint64_t now_us) {
  remote.bucket = admission::full_bucket(now_us);
}

bool Gate::lets_newcomer_in(std::uint64_t now_us) { return newcomers_.take(now_us); }

bool Gate::lets_challenge(std::uint64_t now_us) { return challenges_.take(now_us); }

bool Gate::Allowance::take(std::uint64_t now_us) {
  return admission::take(bucket, rate, now_us, std::exchange(asked_us, now_us), 0);
}

}  // namespace ringpeer::worker
