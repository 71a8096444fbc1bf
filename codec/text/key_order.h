#ifndef RINGPEER_CODEC_TEXT_KEY_ORDER_H_
#define RINGPEER_CODEC_TEXT_KEY_ORDER_H_

#include <vector>

#include "ringpeer/codec/value/variant.h"

namespace ringpeer {

// The entries of a Dictionary in the order in which Godot's var_to_str writes them:
// sorted by key, text by code points, others by type and then by value where the type
// has an order. Keys without an order among themselves end where Godot's sorting
// leaves them, so the algorithm is Godot's: an introsort that is not stable.
// Threads: any. Lifetime: the entries are those of `dictionary`, until it changes.
std::vector<const DictionaryEntry*> entries_in_text_order(const Dictionary& dictionary);

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_TEXT_KEY_ORDER_H_
