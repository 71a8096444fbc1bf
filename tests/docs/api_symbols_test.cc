// docs/api.md has an entry for everything that the public headers offer, and none for anything
// else; defaults are the code's.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/engine/stats/counters.h"
#include "ringpeer/tests/docs/api_entries.h"
#include "ringpeer/tests/docs/header_scanner.h"
#include "ringpeer/tests/docs/page.h"
#include "ringpeer/tests/docs/public_headers.h"

namespace ringpeer::docs {
namespace {

const char* const kPage = "docs/api.md";

// Headers that only the library itself has a use for. Any other must be on the page.
const std::set<std::string> kInternalHeaders = {
    "codec/base/atomics.h",
    "codec/base/branch.h",
    "codec/base/clock.h",
    "codec/base/exceptions.h",
    "codec/base/language.h",
    "codec/base/mutex.h",
    "codec/base/secret.h",
    "codec/base/thread_annotations.h",
    "codec/base/thread_cpu.h",
    "codec/wire/arena.h",
    "codec/text/base64.h",
    "codec/text/constructor_parser.h",
    "codec/text/text_names.h",
    "codec/text/token_cursor.h",
    "codec/value/child_cursor.h",
    "codec/value/components.h",
    "codec/value/container_inline.h",
    "codec/value/conversion_table.h",
    "codec/value/convert.h",
    "codec/value/convert_math.h",
    "codec/wire/container_type_decoder.h",
    "codec/wire/decode_budget.h",
    "codec/wire/decoder.h",
    "codec/wire/leaf_decoder.h",
    "codec/wire/open_containers.h",
    "codec/base/depth_stack.h",
    "codec/value/element_fit.h",
    "codec/wire/encode_pool.h",
    "codec/value/entry_list.h",
    "codec/value/html_color.h",
    "codec/value/key_hash.h",
    "codec/text/key_order.h",
    "codec/base/little_endian.h",
    "codec/base/memory.h",
    "codec/value/named_color.h",
    "codec/base/narrow_float.h",
    "codec/wire/pooled_encoding.h",
    "codec/text/shortest_decimal.h",
    "codec/base/sip_hash.h",
    "codec/text/text_lexer.h",
    "codec/base/text_word.h",
    "codec/base/utf8.h",
    "codec/value/variant_equality.h",
    "codec/value/variant_tree.h",
    "codec/value/variant_type_of.h",
    "codec/value/variant_visit.h",
    "codec/view/view_iterator.h",
    "codec/wire/wire_reader.h",
    "codec/wire/wire_scan.h",
};

// In public headers because the library's templates and inline functions need them.
const std::set<std::string> kInternalSymbols = {
    "key_text",
    "text_at",
    "load_components",
    "CompactBlock",
    "destroy_compact_block",
    "ViewTraits",
    "ViewTypeOf",
    "DeclaredType",
    "wire_padded",
    "is_class_name",
    "net::SocketAddress",
    "net::kSocketAddressSize",
    "net::read_socket_address",
    "net::endpoint_from_socket_address",
    "net::to_socket_address",
    "net::Endpoint::padding",
    "Counters",
    "kCounterCount",
    "CounterSnapshot::values",
    "String::keeps",
    "DrainBatch::DrainBatch",
};
// Numbers of the wire: docs/wire.md has them.
const std::set<std::string> kWireNumbers = {
    "kVariantTypeCount",
    "kWireAlignment",
    "kHeaderTypeMask",
    "kHeaderFlag64",
    "kElementKindShift",
    "kKeyKindShift",
    "kHeaderFlagObjectAsId",
    "kValueKindShift",
    "kNodePathFormatBit",
    "kContainerKindMask",
    "kContainerCountMask",
    "kNodePathFlagAbsolute",
    "kScriptProperty",
    "kNodePathFlagProperty",
    "kEncodedObjectAsIdClass",
    "kScriptPathPrefix",
    "kEncodedObjectAsIdProperty",
};
// Made by the library alone.
const std::set<std::string> kNotConstructed = {
    "PackedView", "PackedStringsView", "ArrayView", "ObjectView", "DictionaryView",
};

bool is_internal(const Symbol& symbol) {
  const std::string name = symbol.owner.empty() ? symbol.name : symbol.owner + "::" + symbol.name;
  if (kInternalSymbols.contains(name) || kInternalSymbols.contains(symbol.owner)) return true;
  if (kWireNumbers.contains(name) || symbol.owner == "Counter") return true;
  return symbol.owner == symbol.name && kNotConstructed.contains(symbol.owner);
}

std::vector<Symbol> public_symbols() {
  std::vector<Symbol> symbols;
  for (const std::string& path : public_headers()) {
    Header header = scan_header(read_page(path));
    EXPECT_EQ(header.errors, std::vector<std::string>()) << path;
    EXPECT_FALSE(header.symbols.empty()) << path;
    for (Symbol& symbol : header.symbols) {
      // A public header has one type of this one.
      if (path == "engine/net/socket.h" &&
          (symbol.owner + symbol.name).find("PathMtuDiscovery") == std::string::npos) {
        continue;
      }
      if (!is_internal(symbol)) symbols.push_back(std::move(symbol));
    }
  }
  return symbols;
}

TEST(ApiSymbolsTest, EveryHeaderIsOnThePageOrInternal) {
  std::set<std::string> expected;
  for (const auto& [included, path] : public_door()) expected.insert(path);
  EXPECT_GT(expected.size(), 10u);
  for (const auto& file : std::filesystem::recursive_directory_iterator("codec")) {
    const std::string path = file.path().string();
    if (path.ends_with(".h") && !kInternalHeaders.contains(path)) expected.insert(path);
  }
  EXPECT_EQ(public_headers(), expected);
}

TEST(ApiSymbolsTest, EveryPublicSymbolHasAnEntryAndEveryEntryASymbol) {
  const std::vector<Symbol> symbols = public_symbols();
  EXPECT_GT(symbols.size(), 300u);
  for (const std::string& difference : differences(read_page(kPage), symbols)) {
    ADD_FAILURE() << kPage << ": " << difference;
  }
}

// The counters by the names that the tools print.
TEST(ApiSymbolsTest, EveryCounterHasARow) {
  std::set<std::string> on_page;
  for (const Table& table : tables_of(read_page(kPage))) {
    if (table.head.cells[0] != "counter") continue;
    for (const Row& row : table.rows) {
      for (const std::string& name : code_spans(row.cells[0])) on_page.insert(name);
    }
  }
  std::set<std::string> in_code;
  for (std::size_t i = 0; i < kCounterCount; ++i) {
    in_code.emplace(counter_info(static_cast<Counter>(i)).name);
  }
  EXPECT_EQ(on_page, in_code);
}

// What the comparison is worth: it hears of each kind of lie.
class PlantedLieTest
    : public testing::TestWithParam<std::pair<std::string_view, std::string_view>> {};

TEST_P(PlantedLieTest, IsHeardOf) {
  const auto& [truth, lie] = GetParam();
  std::string page = read_page(kPage);
  const std::size_t at = page.find(truth);
  ASSERT_NE(at, std::string::npos) << "the page has changed: " << truth;
  page.replace(at, truth.size(), lie);
  EXPECT_FALSE(differences(page, public_symbols()).empty()) << lie;
}

INSTANTIATE_TEST_SUITE_P(
    Lies, PlantedLieTest,
    testing::Values(std::pair("recv_buf_size = 524288", "recv_buf_size = 65536"),  // a default
                    std::pair("kDefaultBound` | 200 us |", "kDefaultBound` | 100 us |"),
                    std::pair("| `gro` | false |", "| `gro` | true |"),
                    std::pair("| `flush()` |", "| `flush_all()` |"),  // no such symbol
                    std::pair("| `get_local_port()` |", "| |"),       // no entry
                    std::pair("`kRecvmmsg`", "`kEpoll`"),             // an enum's value
                    std::pair("`next(packet)`", "`next()`")));        // parameters

}  // namespace
}  // namespace ringpeer::docs
