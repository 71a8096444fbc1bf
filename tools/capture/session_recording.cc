#include "ringpeer/tools/capture/session_recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <unordered_set>
#include <utility>

#include "ringpeer/tools/capture/capture_file.h"
#include "ringpeer/tools/command/printable_text.h"

namespace ringpeer::tools {
namespace {

using Words = std::array<std::uint64_t, 3>;
using PairKey = std::pair<Words, Words>;

constexpr std::chrono::hours kMaxSpan{7 * 24};
// That an error message lists: those with most packets.
constexpr std::size_t kListed = 4;
// Two packets that are alike and so close are one that was recorded twice.
constexpr std::chrono::milliseconds kSamePacket{1};

Words words_of(const net::Endpoint& endpoint) { return std::bit_cast<Words>(endpoint); }

// The same for both directions.
PairKey key_of(const net::Endpoint& a, const net::Endpoint& b) {
  return std::minmax(words_of(a), words_of(b));
}

// What a first reading knows of one session.
struct Session {
  net::Endpoint client;  // who sent first, or was named
  net::Endpoint server;
  std::uint64_t packets = 0;
};

struct Survey {
  std::map<PairKey, Session> sessions;
  std::uint64_t malformed = 0;
  std::uint64_t cut = 0;  // before their ports
  std::uint64_t frames = 0;
  std::string end;  // why the file goes no further; empty when it ends
};

bool has_ports(const UdpFrame& frame) {
  return frame.kind == UdpFrame::Kind::kWhole || frame.kind == UdpFrame::Kind::kFirstFragment ||
         (frame.kind == UdpFrame::Kind::kCut && frame.to.port != 0);
}

bool is_between(const UdpFrame& frame, const net::Endpoint& from, const net::Endpoint& to) {
  return frame.from.address == from.address && frame.to.address == to.address;
}

bool is_meant(const Session& session, const SessionRecording::Choice& choice) {
  return (!choice.client || session.client == *choice.client) &&
         (!choice.server || session.server == *choice.server);
}

// Who is named is what it is named, whoever sends first.
Session begin_session(const UdpFrame& frame, const SessionRecording::Choice& choice) {
  const bool is_turned = (choice.client && frame.to == *choice.client) ||
                         (choice.server && frame.from == *choice.server);
  return is_turned ? Session{frame.to, frame.from} : Session{frame.from, frame.to};
}

bool survey(const std::string& path, const SessionRecording::Choice& choice, Survey* found,
            std::string* error) {
  CaptureFile file;
  if (!file.open(path, error)) return false;
  for (CaptureFile::Frame frame;;) {
    const CaptureFile::Next next = file.next(&frame, &found->end);
    if (next != CaptureFile::Next::kFrame) return true;
    ++found->frames;
    const UdpFrame udp = read_udp_frame(file.link(), frame.bytes);
    found->malformed += udp.kind == UdpFrame::Kind::kMalformed ? 1 : 0;
    if (!has_ports(udp)) {
      found->cut += udp.kind == UdpFrame::Kind::kCut ? 1 : 0;
      continue;
    }
    const auto [place, is_new] = found->sessions.try_emplace(key_of(udp.from, udp.to));
    if (is_new) place->second = begin_session(udp, choice);
    ++place->second.packets;
    if (found->sessions.size() > SessionRecording::kMaxSessions) {
      *error = fmt::format(
          "{} has more than {} sessions; keep what you need: tcpdump -r FILE -w NEW 'udp port "
          "PORT'.",
          printable_text(path), SessionRecording::kMaxSessions);
      return false;
    }
  }
}

std::string list_of(std::vector<Session> sessions) {
  std::stable_sort(sessions.begin(), sessions.end(),
                   [](const Session& a, const Session& b) { return a.packets > b.packets; });
  std::string text;
  for (std::size_t i = 0; i < std::min(sessions.size(), kListed); ++i) {
    text +=
        fmt::format("{}{} with {} ({} packets)", i == 0 ? "" : ", ", sessions[i].client.to_string(),
                    sessions[i].server.to_string(), sessions[i].packets);
  }
  return text + (sessions.size() > kListed ? ", ..." : "");
}

// What ends before its ports may have been a datagram.
std::string words_about_cut(const Survey& found) {
  if (found.cut == 0) return "";
  return fmt::format(", {} of which end before UDP's ports: record with tcpdump -s 0", found.cut);
}

// The one that is meant; false with words when that is not one.
bool choose(const std::string& path, const Survey& found, const SessionRecording::Choice& choice,
            Session* chosen, std::string* error) {
  std::vector<Session> all;
  std::vector<Session> meant;
  for (const auto& [key, session] : found.sessions) {
    all.push_back(session);
    if (is_meant(session, choice)) meant.push_back(session);
  }
  if (meant.size() == 1) {
    *chosen = meant.front();
    return true;
  }
  if (all.empty()) {
    *error = fmt::format("{}: no UDP datagram in {} frames{}{}{}.", printable_text(path),
                         found.frames, words_about_cut(found),
                         found.end.empty() ? "" : ", and the file goes no further: ", found.end);
  } else if (meant.empty()) {
    *error = fmt::format("{}: no session of that name. There are: {}.", printable_text(path),
                         list_of(all));
  } else {
    *error = fmt::format(
        "{} has {} sessions; name the client (--like-client), and its server (--like-server) if it "
        "had several: {}.",
        printable_text(path), meant.size(), list_of(meant));
  }
  return false;
}

}  // namespace

// The second reading, of one session.
struct SessionRecording::Pass {
  SessionRecording* recording;
  std::string path;  // as a terminal may have it
  std::chrono::nanoseconds first{0};
  bool has_begun = false;
  std::uint64_t backwards = 0;
  std::uint64_t cut = 0;         // of the client
  std::uint64_t fragmented = 0;  // of the client
  std::uint64_t later_fragments = 0;
  std::uint64_t other_fragments = 0;
  // Datagrams that came in fragments, the first of which was here.
  std::unordered_set<std::uint32_t> begun_by_client{};
  std::unordered_set<std::uint32_t> begun_by_server{};
  std::uint64_t partial_answers = 0;
  std::uint64_t before = 0;
  std::uint64_t twins = 0;

  bool take_all(const std::string& file_name, std::string* error) {
    CaptureFile file;
    if (!file.open(file_name, error)) return false;
    std::string end;
    for (CaptureFile::Frame frame; file.next(&frame, &end) == CaptureFile::Next::kFrame;) {
      const UdpFrame udp = read_udp_frame(file.link(), frame.bytes);
      if (udp.kind == UdpFrame::Kind::kLaterFragment) count_fragment(udp);
      if (has_ports(udp) && !take(udp, frame.time, error)) return false;
    }
    return is_usable(error);
  }

  // It has no ports: whose it is, the first one says.
  void count_fragment(const UdpFrame& udp) {
    const auto is_of = [&](const net::Endpoint& a, const net::Endpoint& b,
                           const std::unordered_set<std::uint32_t>& begun) {
      return is_between(udp, a, b) && begun.contains(udp.datagram);
    };
    if (is_of(recording->client_, recording->server_, begun_by_client)) {
      ++fragmented;
    } else if (is_of(recording->server_, recording->client_, begun_by_server)) {
      ++later_fragments;
    } else if (is_between(udp, recording->client_, recording->server_) ||
               is_between(udp, recording->server_, recording->client_)) {
      ++other_fragments;
    }
  }

  bool take(const UdpFrame& udp, std::chrono::nanoseconds time, std::string* error) {
    const bool is_sent = udp.from == recording->client_ && udp.to == recording->server_;
    const bool is_answer = udp.from == recording->server_ && udp.to == recording->client_;
    if (!is_sent && !is_answer) return true;
    const bool is_whole = udp.kind == UdpFrame::Kind::kWhole;
    if (udp.kind == UdpFrame::Kind::kFirstFragment) {
      (is_sent ? begun_by_client : begun_by_server).insert(udp.datagram);
    }
    if (is_sent && !is_whole) {
      ++(udp.kind == UdpFrame::Kind::kCut ? cut : fragmented);
      return true;
    }
    partial_answers += is_answer && !is_whole ? 1 : 0;
    if (!has_begun && is_answer) {
      ++before;  // of a session that had begun before the recording
      return true;
    }
    if (!std::exchange(has_begun, true)) first = time;
    std::vector<RecordedPacket>& packets = is_sent ? recording->sent_ : recording->answers_;
    RecordedPacket packet;
    packet.offset = offset_of(time);
    packet.size = udp.size;
    packet.place = recording->bytes_.size();
    packet.captured = udp.payload.size();
    if (packet.offset > kMaxSpan) {
      *error = fmt::format("{}: the session takes more than a week; cut it with editcap.", path);
      return false;
    }
    if (!packets.empty()) twins += is_twin(packets.back(), packet, udp.payload) ? 1 : 0;
    // One that stands behind the client's first packet came after it, whatever its time.
    const auto least = packets.empty() ? std::chrono::nanoseconds(0) : packets.back().offset;
    if (packet.offset < least) {
      packet.offset = least;
      ++backwards;
    }
    packets.push_back(packet);
    recording->bytes_.insert(recording->bytes_.end(), udp.payload.begin(), udp.payload.end());
    if (recording->sent_.size() + recording->answers_.size() <= kMaxPackets &&
        recording->bytes_.size() <= kMaxBytes) {
      return true;
    }
    *error = fmt::format("{}: the session has more than {} packets or {} MiB; cut it with editcap.",
                         path, kMaxPackets, kMaxBytes >> 20);
    return false;
  }

  // Less than 0 where time goes back. Any two times may be in a file: the difference wraps.
  std::chrono::nanoseconds offset_of(std::chrono::nanoseconds time) const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(
        static_cast<std::uint64_t>(time.count()) - static_cast<std::uint64_t>(first.count())));
  }

  bool is_twin(const RecordedPacket& a, const RecordedPacket& b,
               std::span<const std::uint8_t> payload) const {
    return a.size == b.size && a.captured == b.captured && a.size > 0 && b.offset >= a.offset &&
           b.offset - a.offset < kSamePacket && std::ranges::equal(recording->payload(a), payload);
  }

  bool is_usable(std::string* error) const {
    if (cut > 0) {
      *error = fmt::format(
          "{}: {} packets of the client were recorded only in part. Record again with tcpdump -s "
          "0.",
          path, cut);
    } else if (fragmented > 0) {
      *error = fmt::format(
          "{}: {} fragments of packets that were larger than the link. They are not put together; "
          "record where packets are whole: on loopback, or before the card.",
          path, fragmented);
    } else if (recording->sent_.empty()) {
      *error =
          fmt::format("{}: {} sent nothing. Name the other side as the client (--like-client).",
                      path, recording->client_.to_string());
    }
    return cut == 0 && fragmented == 0 && !recording->sent_.empty();
  }

  void remark(const Survey& found) const {
    std::vector<std::string>& remarks = recording->remarks_;
    const auto add = [&remarks](std::uint64_t count, const char* words) {
      if (count > 0) remarks.push_back(fmt::format("{} {}", count, words));
    };
    add(found.malformed, "frames make no sense and are left out.");
    add(partial_answers, "answers are there only in part; their sizes are right.");
    add(later_fragments, "fragments of answers are left out; the sizes are of the whole.");
    add(other_fragments,
        "fragments between the two machines are left out: the datagrams of this session that begin "
        "here are others.");
    add(before, "answers come before the client's first packet and are left out.");
    add(backwards, "times go backwards and are taken as those before.");
    const std::size_t packets = recording->sent_.size() + recording->answers_.size();
    if (twins * 2 + 2 >= packets && twins > 0) {
      add(twins,
          "packets follow one that is the same: was loopback recorded by way of \"any\", "
          "which has each twice?");
    }
    if (!found.end.empty()) {
      remarks.push_back(
          fmt::format("The file ends in the middle ({}); what is before is used.", found.end));
    }
  }
};

bool SessionRecording::read(const std::string& path, const Choice& choice, std::string* error) {
  *this = SessionRecording();
  Survey found;
  Session chosen;
  if (!survey(path, choice, &found, error)) return false;
  if (!choose(path, found, choice, &chosen, error)) return false;
  client_ = chosen.client;
  server_ = chosen.server;
  Pass pass{this, printable_text(path)};
  if (!pass.take_all(path, error)) return false;
  pass.remark(found);
  is_cut_short_ = !found.end.empty();
  return true;
}

std::chrono::nanoseconds SessionRecording::duration() const {
  return sent_.empty() ? std::chrono::nanoseconds(0) : sent_.back().offset - sent_.front().offset;
}

}  // namespace ringpeer::tools
