#ifndef RINGPEER_TESTS_CODEC_VIEW_WALK_DIFFERENTIAL_H_
#define RINGPEER_TESTS_CODEC_VIEW_WALK_DIFFERENTIAL_H_

#include "ringpeer/codec/view/variant_view.h"

namespace ringpeer {

// Whether a ViewWalk visits other values than iterators within iterators do, in another order, or
// says other things of them. Shared by the tests and the fuzzers.
bool walk_differs_from_iterators(const VariantView& top);

}  // namespace ringpeer

#endif  // RINGPEER_TESTS_CODEC_VIEW_WALK_DIFFERENTIAL_H_
