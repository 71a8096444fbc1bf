#include "ringpeer/tools/load/payload_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "ringpeer/tools/command/printable_text.h"
#include "ringpeer/tools/load/hex_lines.h"
#include "ringpeer/tools/load/load_options.h"
#include "ringpeer/tools/load/recorded_payload.h"
#include "ringpeer/tools/load/session_replay.h"
#include "ringpeer/tools/load/template_payload.h"

namespace ringpeer::tools {
namespace {

// A packet has 64 KiB; its text, with blanks, some times as much.
constexpr std::size_t kMaxTemplate = std::size_t{16} << 20;

bool open_file(const std::string& path, std::ifstream* file, std::string* error) {
  errno = 0;
  file->open(path, std::ios::binary);
  // A folder opens, and cannot be read.
  if (*file && file->peek() == std::ifstream::traits_type::eof() && file->bad()) {
    *error = fmt::format("{} is no file that can be read.", printable_text(path));
    return false;
  }
  if (file->is_open()) {
    file->clear();
    return true;
  }
  *error = fmt::format("{}: {}.", printable_text(path), std::strerror(errno));
  return false;
}

// False when it is too large, or cannot be read to its end.
bool read_text(const std::string& path, std::string* text, std::string* error) {
  std::ifstream file;
  if (!open_file(path, &file, error)) return false;
  std::string chunk(std::size_t{64} << 10, '\0');
  while (file && text->size() <= kMaxTemplate) {
    file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    text->append(chunk, 0, static_cast<std::size_t>(file.gcount()));
  }
  if (text->size() > kMaxTemplate) {
    *error = fmt::format("{}: more than {} MiB; a template is one value.", printable_text(path),
                         kMaxTemplate >> 20);
  } else if (file.bad()) {
    *error = fmt::format("{} cannot be read to its end.", printable_text(path));
  }
  return error->empty();
}

std::string words_about_useless(const std::string& path, const VaryingField& field) {
  return fmt::format("{}: no packet is as long as byte {}, where a field ends.",
                     printable_text(path), field.place + field.width - 1);
}

std::string words_about_echoes(const std::string& path, const char* otherwise) {
  return fmt::format(
      "{}: an echo is known by a sequence and a time of 8 bytes in every packet; name both, "
      "like --vary 0:8:sequence --vary 8:8:time, or {}.",
      printable_text(path), otherwise);
}

// Empty, or what is wrong with the times of a recording.
std::string complaint_about_rate(const std::string& path, double packets_per_second) {
  if (packets_per_second <= LoadOptions::kMaxRate) return "";
  return fmt::format(
      "{}: {:.0f} packets a second in the mean, and a client sends {} at most: its times are all "
      "the same, or too close. Record the session as it happens (tcpdump -w), and keep its times.",
      printable_text(path), packets_per_second, LoadOptions::kMaxRate);
}

}  // namespace

std::unique_ptr<LoadPayload> make_template_payload(const std::string& path, std::uint64_t seed,
                                                   bool needs_echoes, std::string* error) {
  error->clear();
  std::string text;
  if (!read_text(path, &text, error)) return nullptr;
  std::unique_ptr<TemplatePayload> payload = TemplatePayload::make(text, seed, error);
  if (payload == nullptr) {
    *error = printable_text(fmt::format("{}: {}", path, *error));
  } else if (needs_echoes && !payload->identifies_echoes()) {
    *error = fmt::format(
        "{}: an echo is known by \"$sequence\" and \"$time\"; put both into the template, or "
        "expect nothing back (--expect nothing).",
        printable_text(path));
    payload.reset();
  }
  return payload;
}

std::unique_ptr<LoadPayload> make_recorded_payload(const std::string& path,
                                                   std::vector<VaryingField> fields,
                                                   std::uint64_t seed, bool needs_echoes,
                                                   std::string* error) {
  *error = check_varying_fields(fields);
  std::ifstream file;
  if (!error->empty() || !open_file(path, &file, error)) return nullptr;
  std::vector<std::vector<std::uint8_t>> packets;
  if (!read_hex_lines(file, &packets, error)) {
    *error = fmt::format("{}: {}", printable_text(path), *error);
    return nullptr;
  }
  for (const VaryingField& field : fields) {
    const bool is_in_any = std::ranges::any_of(
        packets, [&](const auto& packet) { return read_field(field, packet).has_value(); });
    if (is_in_any) continue;
    *error = words_about_useless(path, field);
    return nullptr;
  }
  auto payload = std::make_unique<RecordedPayload>(std::move(packets), std::move(fields), seed);
  if (needs_echoes && !payload->identifies_echoes()) {
    *error = words_about_echoes(path, "expect nothing back (--expect nothing)");
    return nullptr;
  }
  return payload;
}

std::unique_ptr<LoadPayload> make_session_payload(const std::string& path, SessionPlan plan,
                                                  std::string* error) {
  *error = check_varying_fields(plan.fields);
  if (!error->empty()) return nullptr;
  auto recording = std::make_shared<SessionRecording>();
  if (!recording->read(path, plan.choice, error)) return nullptr;
  auto payload = std::make_unique<SessionPayload>(std::move(recording), plan.fields, plan.clients,
                                                  plan.seed, plan.replies);
  *error = complaint_about_rate(path, payload->replay()->packets_per_second() / plan.clients);
  if (!error->empty()) return nullptr;
  const std::vector<std::size_t> useless = payload->replay()->useless_fields();
  if (!useless.empty()) {
    *error = words_about_useless(path, plan.fields[useless.front()]);
    return nullptr;
  }
  if (plan.replies == SessionPayload::Replies::kEchoes && !payload->identifies_echoes()) {
    *error = words_about_echoes(path, "have answers counted (--expect reply)");
    return nullptr;
  }
  return payload;
}

}  // namespace ringpeer::tools
