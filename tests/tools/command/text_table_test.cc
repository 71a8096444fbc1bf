#include "ringpeer/tools/command/text_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace ringpeer::tools {
namespace {

TEST(TextTableTest, ValuesStandInOneColumn) {
  TextTable table("title");
  table.add("a", "1");
  table.add("longer", "2");
  EXPECT_EQ(table.to_string(), "title\n  a       1\n  longer  2\n");
}

TEST(WithThousandsTest, GroupsDigits) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(-1000), "-1,000");
  EXPECT_EQ(with_thousands(-999), "-999");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

}  // namespace
}  // namespace ringpeer::tools
