#ifndef RINGPEER_TOOLS_LOAD_TEMPLATE_PAYLOAD_H_
#define RINGPEER_TOOLS_LOAD_TEMPLATE_PAYLOAD_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ringpeer/tools/load/load_payload.h"
#include "ringpeer/tools/load/template_field.h"

namespace ringpeer::tools {

// Packets in Godot's wire format, made of a template in Godot's text (var_to_str) in which texts
// that begin with '$' are fields (see TemplateField):
//
//   {"seq": "$sequence", "t": "$time", "pos": "$walk3(0.5)", "buttons": "$random(0,255)"}
//
// Fields are looked for in Arrays and in values of Dictionaries; keys stay what they are. A reply
// with the sequence and the time of a packet and other bytes besides is that packet, corrupted.
//
// Threads, lifetime and failure: as LoadPayload.
class TemplatePayload : public LoadPayload {
 public:
  // Null, with words that say what to do in *error: no Godot text, a field that is none, a packet
  // that no datagram holds, or one that does not decode to what it is of (a field in a typed
  // Array).
  static std::unique_ptr<TemplatePayload> make(std::string_view text, std::uint64_t seed,
                                               std::string* error);

  std::span<const std::uint8_t> compose(const LoadStamp& stamp, bool leaving) override;
  LoadReply read(std::span<const std::uint8_t> packet, std::uint32_t client) const override;
  std::optional<std::uint64_t> digest() const override { return digest_; }
  std::unique_ptr<LoadPayload> clone() const override;
  // Whether an echo can be told from another packet, and its time be known: the template has
  // "$sequence" and "$time".
  bool identifies_echoes() const { return sequence_ < fields_.size() && time_ < fields_.size(); }
  std::size_t fields() const { return fields_.size(); }

 private:
  // Which child of which child of the whole a field is.
  struct Place {
    TemplateField field;
    std::vector<std::size_t> path;
  };
  // A copy of the template, with what stands where the fields are.
  struct Copy {
    Variant whole;
    std::vector<Variant*> places;
  };

  TemplatePayload(std::uint64_t seed, std::uint64_t digest) : seed_(seed), digest_(digest) {}
  bool find_fields(const Variant& whole, std::string* error);
  std::string complaint_about_trial();
  void open(const Variant& whole);
  void open(const Variant& whole, Copy* copy) const;
  void fill(const LoadStamp& stamp, Copy* copy) const;
  std::optional<std::int64_t> number_in(const Variant& whole, std::size_t field) const;

  const std::uint64_t seed_;
  const std::uint64_t digest_;
  std::vector<Place> fields_;
  std::size_t sequence_ = ~std::size_t{0};  // places in fields_
  std::size_t time_ = ~std::size_t{0};
  Copy sent_;
  std::vector<std::uint8_t> packet_;
  // What a reply is held against; of read(), which is const to its callers.
  mutable Copy expected_;
  mutable std::vector<std::uint8_t> expected_packet_;
};

}  // namespace ringpeer::tools

#endif  // RINGPEER_TOOLS_LOAD_TEMPLATE_PAYLOAD_H_
