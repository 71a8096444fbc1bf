#ifndef RINGPEER_CODEC_VALUE_ENTRY_LIST_H_
#define RINGPEER_CODEC_VALUE_ENTRY_LIST_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

namespace ringpeer {

struct DictionaryEntry;

// Some of a Dictionary's entries, which follow it in memory. The entries of erased keys leave
// holes; a place that follows the last entry is not used. `link` also chains blocks while a tree of
// them is being destroyed.
struct EntryBlock {
  std::uint32_t used;  // places, holes among them
  std::uint32_t capacity;
  EntryBlock* link;

  // Of the list as a whole: kept in its first block.
  EntryBlock* last;     // the block that is being filled; those behind it are empty
  std::uint32_t count;  // entries
  std::uint32_t holes;  // between the first entry and the last
  std::uint32_t first;  // the first block's place of the first entry

  inline DictionaryEntry* entries();
};

// The entries of a Dictionary in the order of their insertion, one pointer wide.
//
// Lifetime: an entry stays where it is while others are added, for room is added in blocks, as in
// a std::deque; erasing moves entries together when more than half of them are holes. Adding costs
// constant time, so does erasing on average, and stepping over holes no more than over entries.
// At most kMaxEntries entries: more is std::bad_alloc.
// Threads: as Dictionary.
class EntryList {
 public:
  static constexpr std::size_t kMaxEntries = std::size_t{1} << 30;  // what an index can double

  template <typename Entry>
  class BasicIterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = DictionaryEntry;
    using difference_type = std::ptrdiff_t;
    using pointer = Entry*;
    using reference = Entry&;

    BasicIterator() = default;
    BasicIterator(EntryBlock* block, DictionaryEntry* entry) : block_(block), entry_(entry) {}
    // From one that may change the entries to one that may not.
    template <typename Other>
    requires(std::is_const_v<Entry>) BasicIterator(const BasicIterator<Other>& other)  // NOLINT
        : block_(other.block()), entry_(other.entry()) {}

    Entry& operator*() const { return *entry_; }
    Entry* operator->() const { return entry_; }
    BasicIterator& operator++() {
      entry_ = next_entry(&block_, entry_);
      return *this;
    }
    BasicIterator operator++(int) {
      BasicIterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const BasicIterator& a, const BasicIterator& b) {
      return a.entry_ == b.entry_;
    }

    EntryBlock* block() const { return block_; }
    DictionaryEntry* entry() const { return entry_; }

   private:
    EntryBlock* block_ = nullptr;
    DictionaryEntry* entry_ = nullptr;  // null behind the last
  };
  using Iterator = BasicIterator<DictionaryEntry>;
  using ConstIterator = BasicIterator<const DictionaryEntry>;

  EntryList() = default;
  EntryList(EntryList&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
  EntryList& operator=(EntryList&& other) noexcept {
    EntryList(std::move(other)).swap(*this);
    return *this;
  }
  ~EntryList() {
    if (head_ != nullptr) clear();
  }

  std::size_t size() const { return head_ == nullptr ? 0 : head_->count; }
  bool empty() const { return size() == 0; }
  // The entry added last. The list must not be empty.
  DictionaryEntry& back() const;

  Iterator begin() const;
  Iterator end() const { return {}; }
  // The first entry that `matches` is true of, null when there is none. Costs less than stepping an
  // iterator; entries must not be added or erased meanwhile.
  template <typename Matches>
  DictionaryEntry* find_if(Matches matches) const;
  // The blocks, holes in them among the entries; null when there are none.
  EntryBlock* first_block() const { return head_; }

  // Releases the memory as well.
  void clear() noexcept;
  void swap(EntryList& other) noexcept { std::swap(head_, other.head_); }

  // Takes one of the entries out. True when others have moved.
  bool erase(DictionaryEntry* entry) noexcept;

  // --- For builders; `memory` is a HeapMemory or an Arena (see memory.h). ---

  // Bytes that a block for `capacity` entries takes: what a budget is charged.
  static std::size_t block_bytes(std::size_t capacity);
  // What append_uninitialized would allocate now; 0 while there is room.
  std::size_t next_block_bytes() const;
  // Entries that there is room for, used and free.
  std::size_t capacity() const;

  // Room for this many entries in all.
  template <typename Memory>
  void reserve_in(Memory& memory, std::size_t capacity);
  // Room for one more entry, already counted: the caller constructs it at once.
  template <typename Memory>
  DictionaryEntry* append_uninitialized(Memory& memory);
  // The same while there is room, otherwise null.
  DictionaryEntry* append_within_capacity();
  // Takes back the entry added last, which is not constructed any more.
  void drop_uninitialized();

  // Hands the blocks over to whoever destroys a tree of them.
  EntryBlock* detach() noexcept { return std::exchange(head_, nullptr); }

  // The next entry, and its block; null behind the last.
  static DictionaryEntry* next_entry(EntryBlock** block, DictionaryEntry* entry);

 private:
  static constexpr std::size_t kSmallestBlock = 4;

  std::size_t grown_by() const;
  template <typename Memory>
  void add_block(Memory& memory, std::size_t capacity);
  void trim_front() noexcept;
  void trim_back() noexcept;
  void close_holes() noexcept;

  EntryBlock* head_ = nullptr;
};

}  // namespace ringpeer

#endif  // RINGPEER_CODEC_VALUE_ENTRY_LIST_H_
