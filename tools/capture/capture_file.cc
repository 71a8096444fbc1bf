#include "ringpeer/tools/capture/capture_file.h"

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "ringpeer/tools/command/printable_text.h"

namespace ringpeer::tools {
namespace {

LinkType link_of(int type) {
  switch (type) {
    case DLT_NULL:
      return LinkType::kNull;
    case DLT_LOOP:
      return LinkType::kLoop;
    case DLT_EN10MB:
      return LinkType::kEthernet;
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return LinkType::kRaw;
    case DLT_LINUX_SLL:
      return LinkType::kLinuxSll;
    case DLT_LINUX_SLL2:
      return LinkType::kLinuxSll2;
    default:
      return LinkType::kUnknown;
  }
}

const char* name_of(int type) {
  const char* const name = pcap_datalink_val_to_name(type);
  return name == nullptr ? "unknown" : name;
}

// libpcap takes one link from a file, and one length.
std::string words_about_break(const std::string& reason) {
  std::string words = printable_text(reason);
  if (reason.find("of the first interface") != std::string::npos) {
    words += ". To keep one interface: tshark -r FILE -Y frame.interface_id==0 -F pcap -w NEW";
  }
  return words;
}

}  // namespace

struct CaptureFile::Handle {
  pcap_t* pcap = nullptr;

  ~Handle() {
    if (pcap != nullptr) pcap_close(pcap);
  }
};

CaptureFile::CaptureFile() = default;
CaptureFile::~CaptureFile() = default;

bool CaptureFile::open(const std::string& path, std::string* error) {
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    *error = fmt::format("{}: {}.", printable_text(path), std::strerror(errno));
    return false;
  }
  struct stat status {};
  // A session is looked for in a first reading, and taken in a second.
  if (::fstat(::fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
    std::fclose(file);
    *error = fmt::format("{} is no file that can be read twice; name a pcap or pcapng file.",
                         printable_text(path));
    return false;
  }
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  handle_ = std::make_unique<Handle>();
  handle_->pcap =
      pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, reason.data());
  if (handle_->pcap == nullptr) {
    std::fclose(file);
    *error = fmt::format("{} is no pcap or pcapng file: {}. Record one with tcpdump -s 0 -w.",
                         printable_text(path), printable_text(reason.data()));
    return false;
  }
  const int type = pcap_datalink(handle_->pcap);
  link_ = link_of(type);
  if (link_ != LinkType::kUnknown) return true;
  *error = fmt::format(
      "{} is of a link ({}) that is not read here: record on Ethernet, loopback, a tunnel or "
      "\"any\".",
      printable_text(path), name_of(type));
  return false;
}

CaptureFile::Next CaptureFile::next(Frame* frame, std::string* error) {
  pcap_pkthdr* header = nullptr;
  const unsigned char* bytes = nullptr;
  const int result = pcap_next_ex(handle_->pcap, &header, &bytes);
  if (result == PCAP_ERROR_BREAK) return Next::kEnd;
  if (result != 1) {
    *error = words_about_break(pcap_geterr(handle_->pcap));
    return Next::kBroken;
  }
  // Asked for nanoseconds, it keeps them in tv_usec. Whatever number of seconds a file has: it is
  // multiplied where overflow wraps.
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  const auto seconds = static_cast<std::uint64_t>(header->ts.tv_sec);
  const auto rest = static_cast<std::uint64_t>(header->ts.tv_usec);
  frame->time = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * kNsPerSecond + rest));
  frame->bytes = {bytes, header->caplen};
  return Next::kFrame;
}

}  // namespace ringpeer::tools
