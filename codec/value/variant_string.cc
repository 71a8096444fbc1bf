#include "ringpeer/codec/value/variant_string.h"

#include "ringpeer/codec/base/exceptions.h"
#include "ringpeer/codec/base/utf8.h"

namespace ringpeer {

bool String::keeps(std::string_view bytes) {
  return utf8_valid(bytes) && bytes.find('\0') == std::string_view::npos;
}

String::String(std::string_view text) {
  HeapMemory memory;
  if (text.size() > kLongest) refuse_memory();
  if (keeps(text)) {
    construct_valid(memory, text);
  } else {
    construct_valid(memory, utf8_repaired(text));
  }
}

}  // namespace ringpeer
