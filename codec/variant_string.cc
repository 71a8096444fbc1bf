#include "ringpeer/codec/variant_string.h"

#include "ringpeer/codec/utf8.h"

namespace ringpeer {

String::String(std::string_view text) {
  HeapMemory memory;
  if (text.size() > kLongest) throw std::bad_alloc();
  const bool clean = utf8_valid(text) && text.find('\0') == std::string_view::npos;
  if (clean) {
    construct_valid(memory, text);
  } else {
    construct_valid(memory, utf8_repaired(text));
  }
}

}  // namespace ringpeer
