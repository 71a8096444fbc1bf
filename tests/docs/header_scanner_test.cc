#include "ringpeer/tests/docs/header_scanner.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "ringpeer/tests/docs/api_entries.h"

namespace ringpeer::docs {
namespace {

// "owner.name(a,b=1)" of all that was found.
std::vector<std::string> found(const Header& header) {
  std::vector<std::string> texts;
  for (const Symbol& symbol : header.symbols) {
    std::string text = symbol.owner + "." + symbol.name;
    if (symbol.kind == Symbol::Kind::kFunction) {
      text += "(";
      for (const Parameter& parameter : symbol.parameters) {
        if (text.back() != '(') text += ",";
        text += parameter.name;
        if (!parameter.initial.empty()) text += "=" + parameter.initial;
      }
      text += ")";
    } else if (!symbol.initial.empty()) {
      text += "=" + symbol.initial;
    }
    texts.push_back(symbol.overrides ? text + " again" : text);
  }
  return texts;
}

// Every kind of declaration that the scanner knows.
constexpr const char* kHeader = R"cpp(
#include <vector>
  namespace ringpeer {
  namespace internal {
  class Hidden {
   public:
    int x;
  };
  }  // namespace internal
  class Declared;
  using net::Elsewhere;
  inline constexpr std::size_t kSize = std::size_t{2} << 20;  // a comment; with "words"
  enum class [[nodiscard("why")]] Kind : int{
      kOne,
      kTwo = 2,
  };
  struct Options {
    std::function<void(int value)> log;
    std::chrono::microseconds time{200};
    std::vector<int> list = {1, 2};
  };
  class Peer final : public Base {
   public:
    using Type = Kind;
    explicit Peer(std::shared_ptr<Engine> engine = nullptr) : a_(engine), b_{1} { run(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    ~Peer() override;
    template <typename T>
    requires(sizeof(T) > 1) T get(std::map<int, T> map, int size = kSize)
    const { return {}; }
    const Value& operator[](std::size_t index) const;
    friend bool operator==(const Peer& a, const Peer& b) { return true; }
    int count() const override { return 1; }
    [[nodiscard]] static Error open(int port);
    int kept = 1;
    // --- For builders (see memory.h). ---
    void hidden();

   protected:
    virtual int needed(int a) = 0;
    virtual int optional() { return 0; }

   private:
    int a_ = 0;
    void secret();
  };
  inline int Peer::open(int port) { return port; }
  int free_function(int a, int b = 3);
  }  // namespace ringpeer
  namespace ringpeer::net {
  struct Endpoint {
    int port = 0;
  };
  }  // namespace ringpeer::net
)cpp";

TEST(HeaderScannerTest, FindsWhatIsPublic) {
  const Header header = scan_header(kHeader);
  EXPECT_EQ(header.errors, std::vector<std::string>());
  EXPECT_EQ(found(header), (std::vector<std::string>{".Elsewhere again",
                                                     ".kSize=std::size_t{2}<<20",
                                                     ".Kind",
                                                     "Kind.kOne",
                                                     "Kind.kTwo=2",
                                                     ".Options",
                                                     "Options.log",
                                                     "Options.time={200}",
                                                     "Options.list={1,2}",
                                                     ".Peer",
                                                     "Peer.Type",
                                                     "Peer.Peer(engine=nullptr)",
                                                     "Peer.get(map,size=kSize)",
                                                     "Peer.operator[](index)",
                                                     "Peer.count() again",
                                                     "Peer.open(port)",
                                                     "Peer.kept=1",
                                                     "Peer.needed(a)",
                                                     ".free_function(a,b=3)",
                                                     ".net::Endpoint",
                                                     "net::Endpoint.port=0"}));
}

TEST(HeaderScannerTest, SaysWhatItDoesNotUnderstand) {
  EXPECT_NE(scan_header("namespace ringpeer { class A { public: int a; }").errors.size(), 0u);
  EXPECT_NE(scan_header("namespace ringpeer { struct A { int a : 3; }; }").errors.size(), 0u);
}

TEST(HeaderScannerTest, Evaluates) {
  const std::map<std::string, std::int64_t> constants = {{"kTwo", 2}};
  EXPECT_EQ(evaluate("65535 - 20 - 8", constants), 65507);
  EXPECT_EQ(evaluate("std::size_t{64} << 20", constants), 64 << 20);
  EXPECT_EQ(evaluate("8 / ringpeer::kTwo + 1'000 * 3", constants), 3004);
  EXPECT_EQ(evaluate("-(1 + 2)", constants), -3);
  EXPECT_EQ(evaluate("{100}", constants), 100);
  EXPECT_EQ(evaluate("kThree", constants), std::nullopt);
  EXPECT_EQ(evaluate("1 / 0", constants), std::nullopt);
  EXPECT_EQ(evaluate("", constants), std::nullopt);
}

// Each kind of difference between a page and a header.
TEST(ApiEntriesTest, SaysWhatDiffers) {
  const std::vector<Symbol> symbols = scan_header(R"cpp(
                                        namespace ringpeer {
                                        struct TestOptions {
                                          int size = 8 << 10;
                                        };
                                        class Peer {
                                         public:
                                          int open(int port, int size = 4);
                                          void get_x();
                                          void set_x();
                                        };
                                        }  // namespace ringpeer)cpp")
                                          .symbols;
  const std::string options =
      "| `TestOptions` | default | is |\n|---|---|---|\n| `size` | 8 KiB | |\n\n";
  const std::string peer = "## Peer\n\n| method | is |\n|---|---|\n| `open(port, size = 4)` | |\n";
  const std::string rest = "| `get_/set_x` | |\n";
  EXPECT_EQ(differences(options + peer + rest, symbols), std::vector<std::string>());
  const auto differs = [&](const std::string& page) { return differences(page, symbols).size(); };
  EXPECT_EQ(differs(options + peer), 2u);  // no get_x, no set_x
  EXPECT_EQ(differs(peer + rest), 2u);     // no TestOptions, no size
  EXPECT_EQ(differs(options + peer + rest + "| `gone()` | |\n"), 1u);
  EXPECT_EQ(differs(options +
                    "## Peer\n\n| method | is |\n|---|---|\n| `open(port, size = 5)` | |\n" + rest),
            2u);
  EXPECT_EQ(differs("| `TestOptions` | default | is |\n|---|---|---|\n| `size` | 9 KiB | |\n\n" +
                    peer + rest),
            1u);
  EXPECT_EQ(differs("| `TestOptions` | is |\n|---|---|\n| `size` | |\n\n" + peer + rest), 1u);
}

}  // namespace
}  // namespace ringpeer::docs
