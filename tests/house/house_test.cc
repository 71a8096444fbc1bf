// The house, drawn from its includes: a room rests on rooms of lower floors alone, each header has
// one name, and each BUILD file is read here. And each system call has its place.

#include <gtest/gtest.h>

#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace ringpeer::house {
namespace {

using Floors = std::vector<std::vector<std::string>>;
// What a file includes, by its path in the repository.
using Includes = std::map<std::string, std::vector<std::string>>;

// From the top. A room includes what stands in a row below its own, and itself. "x/*" is any room
// below x that has no row.
const Floors kFloors = {
    {"tests/*"},
    {"bench/rivals/enet", "bench/codec/msgpack", "bench/instructions", "bench/overload",
     "bench/micro", "bench/knee", "bench/pacing", "bench/admission"},
    {"bench/rivals", "bench/scale", "bench/codec"},
    {"bench/process"},
    {"tools"},
    {"tools/demo", "tools/impair", "tools/doctor"},
    {"tools/serve", "tools/load", "tools/variant"},
    {"tools/report", "tools/impairment", "tools/capture", "tools/target"},
    {"tools/arena", "tools/measure", "tools/command"},
    {"tests/codec/support"},
    {"examples", "examples/*"},
    {"engine/stream"},
    {"engine/api"},
    {"engine/server"},
    {"engine/peer"},
    {"engine/core"},
    {"engine/worker"},
    {"engine/send", "engine/remotes", "engine/wait"},
    {"engine/admission"},
    {"engine/backend"},
    {"engine/packet", "engine/net"},
    {"engine/ring", "engine/stats"},
    {"codec/text", "codec/view"},
    {"codec/wire"},
    {"codec/value"},
    {"codec/base"},
};

const std::string kKernelCalls = "engine/net/kernel_calls.cc";
const std::string kTcpSocket = "engine/net/tcp_socket.cc";
const std::string kUringAbi = "engine/backend/uring_abi.cc";

// Where a system call of the engine stands: once in each of these files, and nowhere else.
using Places = std::map<std::string, std::set<std::string>>;

// What has no place is not called at all: it would be a second way to do the same.
const Places kSocketCalls = {
    {"socket", {kKernelCalls, kTcpSocket}},
    {"bind", {kKernelCalls}},
    {"connect", {kKernelCalls}},
    {"getsockname", {kKernelCalls}},
    {"getpeername", {kTcpSocket}},
    {"setsockopt", {kKernelCalls}},
    {"getsockopt", {kKernelCalls}},
    {"fcntl", {kKernelCalls}},
    {"ioctl", {kTcpSocket}},
    {"close", {kKernelCalls}},
    {"recv", {kTcpSocket}},
    {"recvmsg", {kKernelCalls}},
    {"recvmmsg", {kKernelCalls}},
    {"send", {kTcpSocket}},
    {"sendto", {kKernelCalls}},
    {"sendmsg", {kKernelCalls}},
    {"sendmmsg", {kKernelCalls}},
    {"poll", {kKernelCalls}},
    {"ppoll", {kKernelCalls}},
    {"epoll_create1", {kKernelCalls}},
    {"epoll_ctl", {kKernelCalls}},
    {"epoll_wait", {kKernelCalls}},
    {"eventfd", {kKernelCalls}},
    {"read", {kKernelCalls}},
    {"write", {kKernelCalls}},
    {"io_uring_setup", {kUringAbi}},
    {"io_uring_register", {kUringAbi}},
    {"io_uring_enter", {kUringAbi}},
    {"io_uring_queue_init_params", {kUringAbi}},
    {"io_uring_queue_exit", {kUringAbi}},
    {"accept", {}},
    {"accept4", {}},
    {"dup", {}},
    {"epoll_create", {}},
    {"epoll_pwait", {}},
    {"epoll_pwait2", {}},
    {"io_uring_queue_init", {}},
    {"io_uring_submit", {}},
    {"io_uring_submit_and_wait", {}},
    {"io_uring_wait_cqe", {}},
    {"listen", {}},
    {"readv", {}},
    {"recvfrom", {}},
    {"select", {}},
    {"shutdown", {}},
    {"socketpair", {}},
    {"writev", {}},
};

// Methods have these names too, so only "::send(" is the system call.
const std::set<std::string> kAlsoMethods = {"accept", "bind",     "close",  "connect", "dup",
                                            "listen", "poll",     "read",   "recv",    "select",
                                            "send",   "shutdown", "socket", "write"};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The floor of a file, counted from the top; -1 for one in a room that the plan does not have. A
// folder within a room belongs to it.
int floor_of(const Floors& floors, const std::string& path) {
  for (std::string room = folder_of(path); !room.empty(); room = folder_of(room)) {
    for (std::size_t i = 0; i < floors.size(); ++i) {
      for (const std::string& name : floors[i]) {
        if (name == room) return static_cast<int>(i);
      }
    }
  }
  for (std::size_t i = 0; i < floors.size(); ++i) {
    for (const std::string& name : floors[i]) {
      if (name.ends_with("/*") && path.starts_with(name.substr(0, name.size() - 1))) {
        return static_cast<int>(i);
      }
    }
  }
  return -1;
}

// The room that the plan names, of a file that may lie in a folder below.
std::string room_of(const Floors& floors, const std::string& path) {
  for (std::string room = folder_of(path); !room.empty(); room = folder_of(room)) {
    for (const auto& floor : floors) {
      for (const std::string& name : floor) {
        if (name == room) return room;
      }
    }
  }
  return folder_of(path);
}

// One line for each arrow that does not point down, and each room without a floor.
std::set<std::string> wrong_arrows(const Floors& floors, const Includes& includes) {
  std::set<std::string> wrong;
  for (const auto& [path, targets] : includes) {
    const int floor = floor_of(floors, path);
    if (floor < 0) {
      wrong.insert(folder_of(path) + " has no floor");
      continue;
    }
    for (const std::string& target : targets) {
      const int other = floor_of(floors, target);
      const bool same = room_of(floors, path) == room_of(floors, target) ||
                        (path.starts_with("tests/") && target.starts_with("tests/"));
      if (other <= floor && !same) wrong.insert(path + " includes " + target);
    }
  }
  return wrong;
}

// One line for each circle of rooms, by the rooms on it.
std::set<std::string> circles(const Floors& floors, const Includes& includes) {
  std::map<std::string, std::set<std::string>> arrows;
  for (const auto& [path, targets] : includes) {
    for (const std::string& target : targets) {
      const std::string from = room_of(floors, path);
      const std::string to = room_of(floors, target);
      if (from != to) arrows[from].insert(to);
    }
  }
  // What can be reached, by as many steps as there are rooms.
  auto reached = arrows;
  for (std::size_t i = 0; i < arrows.size(); ++i) {
    for (auto& [from, rooms] : reached) {
      std::set<std::string> more;
      for (const std::string& room : rooms) {
        if (const auto next = arrows.find(room); next != arrows.end())
          more.merge(std::set(next->second));
      }
      rooms.merge(more);
    }
  }
  std::set<std::string> found;
  for (const auto& [from, rooms] : reached) {
    if (rooms.contains(from)) found.insert(from);
  }
  return found;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string without_comments(const std::string& text) {
  std::string code;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) code += line.substr(0, line.find("//")) + '\n';
  return code;
}

// Whether what begins at `at` in code, a word with the name of a system call, calls it: by its
// name in the global scope, or by its number.
bool is_call(const std::string& code, std::size_t at, const std::string& name) {
  const std::string_view before = std::string_view(code).substr(0, at);
  if (before.ends_with("__NR_") || before.ends_with("SYS_")) return true;
  if (code[at + name.size()] != '(') return false;
  if (before.ends_with("::")) {
    return before.size() < 3 || !(is_word(before[at - 3]) || before[at - 3] == '>');
  }
  if (before.ends_with(".") || before.ends_with("->")) return false;
  return !is_word(before.back()) && !kAlsoMethods.contains(name);
}

std::size_t count_calls(const std::string& code, const std::string& name) {
  std::size_t count = 0;
  for (std::size_t at = code.find(name); at != std::string::npos; at = code.find(name, at + 1)) {
    if (at > 0 && !is_word(code[at + name.size()]) && is_call(code, at, name)) ++count;
  }
  return count;
}

// Path -> text.
using Sources = std::map<std::string, std::string>;

// One line for each call that stands where it has no place, or not once where it has one.
std::set<std::string> misplaced_calls(const Places& places, const Sources& sources) {
  std::set<std::string> wrong;
  for (const auto& [path, text] : sources) {
    const std::string code = without_comments(text);
    for (const auto& [name, files] : places) {
      const std::size_t wanted = files.contains(path) ? 1 : 0;
      const std::size_t count = count_calls(code, name);
      if (count == wanted) continue;
      wrong.insert(path + " calls " + name + ' ' + std::to_string(count) + " times, not " +
                   std::to_string(wanted));
    }
  }
  return wrong;
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What stands between the quotes of a line, or nothing.
std::string quoted(const std::string& line, std::string_view before) {
  if (!line.starts_with(before)) return "";
  const std::size_t end = line.find('"', before.size());
  return end == std::string::npos ? "" : line.substr(before.size(), end - before.size());
}

// Public name -> path.
std::map<std::string, std::string> public_door() {
  std::map<std::string, std::string> door;
  std::istringstream lines(read("ringpeer.bzl"));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "PUBLIC_HEADERS = {") inside = true;
    if (line == "}") inside = false;
    const std::string name = inside ? quoted(line, "    \"") : "";
    if (name.empty()) continue;
    const std::size_t colon = line.find(": \"");
    door[name] = quoted(line.substr(colon), ": \"");
  }
  return door;
}

// What asks the machine for the time or sleeps, of a line without its comment; empty: nothing does.
std::string time_asked_for(const std::string& line) {
  static const std::regex kTime(
      R"(\b(steady_clock(?!::time_point\b)|(system|high_resolution)_clock|clock_gettime|gettimeofday|)"
      R"((clock_)?nanosleep|usleep|sleep_(for|until)|wait_(for|until)\(\w*[Ll]ock\b|FUTEX_WAIT\w*))");
  std::smatch found;
  const std::string code = line.substr(0, line.find("//"));
  return std::regex_search(code, found, kTime) ? found.str() : "";
}

std::vector<std::string> files_ending(std::initializer_list<std::string_view> endings) {
  std::vector<std::string> found;
  for (const char* top : {"engine", "codec", "tools", "bench", "tests", "examples"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             top, std::filesystem::directory_options::follow_directory_symlink)) {
      const std::string path = entry.path().string();
      for (const std::string_view ending : endings) {
        if (path.ends_with(ending)) found.push_back(path);
      }
    }
  }
  return found;
}

// The includes of the repository's own headers. A name that is not by the rule is an error here.
Includes includes_of_the_house() {
  const std::map<std::string, std::string> door = public_door();
  Includes includes;
  for (const std::string& path : files_ending({".cc", ".h"})) {
    std::vector<std::string>& targets = includes[path];
    std::istringstream lines(read(path));
    for (std::string line; std::getline(lines, line);) {
      const std::string name = quoted(line, "#include \"");
      if (!name.starts_with("ringpeer/")) {
        EXPECT_TRUE(name.empty() || name == "concurrentqueue.h") << path << " includes " << name;
        continue;
      }
      const auto found = door.find(name);
      const bool public_name = found != door.end();
      // "ringpeer/engine.h" is the one name of that header; "ringpeer/codec/variant.h" is for
      // applications, as the examples are.
      const bool may_use =
          name.rfind('/') == std::string_view("ringpeer").size() || path.starts_with("examples/");
      const std::string target =
          public_name ? found->second : name.substr(std::string_view("ringpeer/").size());
      EXPECT_TRUE(!public_name || may_use || found->second == name.substr(9))
          << path << " includes " << name << ", which is " << target;
      EXPECT_TRUE(std::filesystem::exists(target)) << path << " includes " << name;
      targets.push_back(target);
    }
  }
  return includes;
}

TEST(HouseTest, EveryArrowPointsDown) {
  const Includes includes = includes_of_the_house();
  EXPECT_GT(includes.size(), 500u);
  EXPECT_EQ(wrong_arrows(kFloors, includes), std::set<std::string>());
}

TEST(HouseTest, NoRoomsFormACircle) {
  EXPECT_EQ(circles(kFloors, includes_of_the_house()), std::set<std::string>());
}

// A room whose files are not among this test's would be looked at by nobody.
TEST(HouseTest, EveryRoomThatALabelNamesIsReadHere) {
  for (const std::string& path : files_ending({"/BUILD.bazel"})) {
    const std::string text = read(path);
    for (std::size_t at = text.find("\"//"); at != std::string::npos;
         at = text.find("\"//", at + 1)) {
      const std::size_t begin = at + 3;
      const std::size_t end = text.find_first_of("\":", begin);
      const std::string package = text.substr(begin, end - begin);
      if (package.empty() || package.starts_with("visibility") || package == "docs" ||
          text.substr(end, 3) == ":__" || package == "tests/testdata") {
        continue;
      }
      EXPECT_TRUE(std::filesystem::exists(package + "/BUILD.bazel"))
          << path << " names //" << package << ", which is not among the data of this test";
    }
  }
}

// A header that a folder of its own library does not offer by the one rule is found by nobody.
TEST(HouseTest, NoBuildFileSetsAPrefix) {
  for (const std::string& path : files_ending({"/BUILD.bazel"})) {
    EXPECT_EQ(read(path).find("include_prefix"), std::string::npos) << path;
  }
}

// A simulation gives the engine a time of its own by replacing these three files.
TEST(HouseTest, OneClockIsAskedForTheTime) {
  const std::set<std::string> allowed = {"codec/base/clock.cc", "codec/base/clock.h",
                                         "codec/base/thread_cpu.cc", "engine/net/futex.cc",
                                         "engine/net/precise_sleep.cc"};
  std::set<std::string> asking;
  for (const std::string& path : files_ending({".cc", ".h"})) {
    if (!path.starts_with("engine/") && !path.starts_with("codec/")) continue;
    std::istringstream lines(read(path));
    for (std::string line; std::getline(lines, line);) {
      const std::string asked = time_asked_for(line);
      if (asked.empty()) continue;
      asking.insert(path);
      EXPECT_TRUE(allowed.contains(path)) << path << " has " << asked << ": see codec/base/clock.h";
    }
  }
  EXPECT_EQ(asking, allowed);
}

TEST(HousePlanTest, FindsAFileThatReadsAClockItself) {
  for (const char* line :
       {"  const auto now = std::chrono::steady_clock::now();",
        "using Clock = std::chrono::steady_clock;", "using std::chrono::steady_clock;",
        "auto t = system_clock::now();", "::clock_gettime(CLOCK_MONOTONIC, &now);",
        "std::this_thread::sleep_for(kNap);", "ready_.wait_for(lock, kPatience);",
        "::clock_nanosleep(CLOCK_MONOTONIC, 0, &t, nullptr);"}) {
    EXPECT_NE(time_asked_for(line), "") << line;
  }
  for (const char* line :
       {"  std::chrono::steady_clock::time_point arrived;", "// In nanoseconds of clock_gettime.",
        "const auto now = base::Clock::now();", "net::sleep_precisely(kNap);",
        "  shard->worker->wait_for(&shard->detach);"}) {
    EXPECT_EQ(time_asked_for(line), "") << line;
  }
}

// What takes the network's place, a simulated one, does it in these files.
TEST(HouseTest, EverySystemCallOnSocketsHasOnePlace) {
  Sources sources;
  for (const std::string& path : files_ending({".cc", ".h"})) {
    if (path.starts_with("engine/")) sources[path] = read(path);
  }
  for (const auto& [name, files] : kSocketCalls) {
    for (const std::string& path : files) EXPECT_TRUE(sources.contains(path)) << path;
  }
  EXPECT_EQ(misplaced_calls(kSocketCalls, sources), std::set<std::string>());
}

// The plan is worth what it finds.
TEST(HousePlanTest, FindsASystemCallOutOfItsPlace) {
  const Places places = {{"sendto", {"engine/net/a.cc"}}, {"send", {}}};
  const auto found = [&](const std::string& path, const std::string& text) {
    return misplaced_calls(places, {{path, text}}).size();
  };
  EXPECT_EQ(found("engine/net/a.cc", "return ::sendto(1);\n"), 0u);
  EXPECT_EQ(found("engine/net/a.cc", "\n"), 1u) << "it has moved";
  EXPECT_EQ(found("engine/net/a.cc", "::sendto(1) + ::sendto(2);\n"), 1u) << "twice";
  EXPECT_EQ(found("engine/net/b.cc", "return ::sendto(1);\n"), 1u);
  EXPECT_EQ(found("engine/net/b.cc", "return sendto(1);\n"), 1u);
  EXPECT_EQ(found("engine/net/b.cc", "return ::syscall(SYS_sendto, 1);\n"), 1u);
  EXPECT_EQ(found("engine/net/b.cc", "return ::send(1);\n"), 1u);
  EXPECT_EQ(found("engine/net/b.cc", "x.send(1); y->sendto(1); Peer::send(1);\n"), 0u);
  EXPECT_EQ(found("engine/net/b.cc", "int send(int); kernel::sendto(1); resend(1);\n"), 0u);
  EXPECT_EQ(found("engine/net/b.cc", "// as ::sendto(1) does\n"), 0u);
}

TEST(HousePlanTest, FindsAnUpwardArrowACircleAndARoomWithoutAFloor) {
  const Floors floors = {{"tools"}, {"engine/net", "engine/ring"}, {"codec/base"}};
  EXPECT_EQ(wrong_arrows(floors, {{"tools/a.cc", {"engine/net/b.h", "codec/base/c.h"}}}).size(),
            0u);
  EXPECT_EQ(wrong_arrows(floors, {{"engine/net/a.h", {"engine/net/b.h"}}}).size(), 0u);
  EXPECT_EQ(wrong_arrows(floors, {{"codec/base/a.h", {"engine/net/b.h"}}}).size(), 1u);
  EXPECT_EQ(wrong_arrows(floors, {{"engine/ring/a.h", {"engine/net/b.h"}}}).size(), 1u);
  EXPECT_EQ(wrong_arrows(floors, {{"engine/new/a.h", {}}}).size(), 1u);
  EXPECT_EQ(wrong_arrows(floors, {{"tools/a.cc", {"engine/new/b.h"}}}).size(), 1u);
  const Includes circle = {{"engine/net/a.h", {"engine/ring/b.h"}},
                           {"engine/ring/c.h", {"engine/net/a.h"}},
                           {"tools/d.cc", {"engine/net/a.h"}}};
  EXPECT_EQ(circles(floors, circle), (std::set<std::string>{"engine/net", "engine/ring"}));
}

}  // namespace
}  // namespace ringpeer::house
