#ifndef RINGPEER_CODEC_VIEW_VIEW_ITERATOR_H_
#define RINGPEER_CODEC_VIEW_VIEW_ITERATOR_H_

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ringpeer/codec/base/wire_format.h"

namespace ringpeer {

// Walks over what stands in a container of a packet, one Element after the other, and
// passes over what decoding would leave out. Valid as long as the View it came from.
// Threads: as variant_view.h. Failure: none; the packet has been validated.
//
// What the containers differ in is the View's:
//   step_over(at)      behind the element at `at`
//   keeps(at, &type)   whether decoding keeps the element, and the type that it (of a
//                      Dictionary: its key) then has
//   element_at(at, type)
template <typename View, typename Element>
class ViewIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Element;
  using difference_type = std::ptrdiff_t;
  using pointer = const Element*;
  using reference = Element;

  ViewIterator() = default;
  ViewIterator(const View* view, const std::uint8_t* at, std::uint32_t left)
      : view_(view), at_(at), left_(left) {
    settle();
  }
  Element operator*() const { return view_->element_at(at_, type_); }
  ViewIterator& operator++() {
    at_ = View::step_over(at_);
    --left_;
    settle();
    return *this;
  }
  ViewIterator operator++(int) {
    ViewIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const ViewIterator& a, const ViewIterator& b) {
    return a.left_ == b.left_;
  }

 private:
  // Moves on to the next element that is kept.
  void settle() {
    for (; left_ > 0; --left_, at_ = View::step_over(at_)) {
      if (view_->keeps(at_, &type_)) return;
    }
  }

  const View* view_ = nullptr;
  const std::uint8_t* at_ = nullptr;
  std::uint32_t left_ = 0;
  VariantType type_ = VariantType::NIL;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VIEW_VIEW_ITERATOR_H_
