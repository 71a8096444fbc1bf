#ifndef RINGPEER_TOOLS_CAPTURE_CAPTURE_FILE_H_
#define RINGPEER_TOOLS_CAPTURE_CAPTURE_FILE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ringpeer/tools/capture/udp_frame.h"

namespace ringpeer::tools {

// The frames of a pcap or pcapng file, read by libpcap.
//
// Threads: one. Lifetime: a frame's bytes until the next call.
class CaptureFile {
 public:
  struct Frame {
    std::chrono::nanoseconds time{0};  // since 1970
    std::span<const std::uint8_t> bytes;
  };
  enum class Next { kFrame, kEnd, kBroken };

  CaptureFile();
  ~CaptureFile();
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  // False, with words that say what to do in *error, when it is no capture, or of a link whose
  // frames cannot be read.
  bool open(const std::string& path, std::string* error);
  LinkType link() const { return link_; }
  // The next frame; kBroken, with *error, where the file goes no further than its middle.
  Next next(Frame* frame, std::string* error);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  LinkType link_ = LinkType::kUnknown;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_CAPTURE_CAPTURE_FILE_H_
