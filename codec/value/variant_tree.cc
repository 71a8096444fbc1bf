#include "ringpeer/codec/value/variant_tree.h"

namespace ringpeer {
namespace {

// Destroys a value without children that is_trivial() is false for.
void destroy_leaf(Variant* value) {
  visit_variant_type(value->type(), [value](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (!std::is_same_v<T, NilValue>) {
      T* place = &value->ref<T>();
      std::destroy_at(place);
      if constexpr (Variant::boxed<T>()) HeapMemory::release(place);
    }
  });
}

// Blocks that are still to be destroyed, chained by their links: destroying a tree
// takes neither recursion nor memory.
class DoomedBlocks {
 public:
  void add_values(CompactBlock* block) { push(&values_, block); }
  // A list of them.
  void add_entries(EntryBlock* blocks) {
    while (blocks != nullptr) {
      EntryBlock* next = blocks->link;
      push(&entries_, blocks);
      blocks = next;
    }
  }
  void add_properties(CompactBlock* block) { push(&properties_, block); }

  // Destroys one value but for the blocks of its children, which are added.
  void take(Variant* value) {
    if (value->is_trivial()) return;
    switch (value->type()) {
      case VariantType::ARRAY: {
        auto& array = value->ref<Array>();
        add_values(array.storage().detach());
        array.~Array();
        break;
      }
      case VariantType::DICTIONARY: {
        auto& dictionary = value->ref<Dictionary>();
        add_entries(dictionary.storage().detach());
        dictionary.~Dictionary();
        break;
      }
      case VariantType::OBJECT:
        add_properties(value->ref<Object>().detach_properties());
        break;
      case VariantType::STRING:
        value->ref<String>().~String();
        break;
      default:
        destroy_leaf(value);
    }
  }

  void destroy_all() {
    while (true) {
      if (CompactBlock* block = pop(&values_)) {
        auto* values = block->elements<Variant>();
        for (std::uint32_t i = 0; i < block->size; ++i) take(&values[i]);
        HeapMemory::release(block);
      } else if (EntryBlock* entries_block = pop(&entries_)) {
        DictionaryEntry* entries = entries_block->entries();
        for (std::uint32_t i = 0; i < entries_block->used; ++i) {
          take(const_cast<Variant*>(&entries[i].key));
          take(&entries[i].value);
        }
        HeapMemory::release(entries_block);
      } else if (CompactBlock* properties_block = pop(&properties_)) {
        auto* properties = properties_block->elements<ObjectProperty>();
        for (std::uint32_t i = 0; i < properties_block->size; ++i) {
          properties[i].name.~String();
          take(&properties[i].value);
        }
        HeapMemory::release(properties_block);
      } else {
        return;
      }
    }
  }

 private:
  template <typename Block>
  static void push(Block** list, Block* block) {
    if (block == nullptr) return;
    block->link = *list;
    *list = block;
  }
  template <typename Block>
  static Block* pop(Block** list) {
    Block* block = *list;
    if (block != nullptr) *list = block->link;
    return block;
  }

  CompactBlock* values_ = nullptr;
  EntryBlock* entries_ = nullptr;
  CompactBlock* properties_ = nullptr;
};

}  // namespace

void VariantTree::destroy(Variant* value) noexcept {
  if (!value->holds_values()) {
    destroy_leaf(value);
    return;
  }
  DoomedBlocks doomed;
  doomed.take(value);
  doomed.destroy_all();
}

void VariantTree::destroy_block_of_values(CompactBlock* block) noexcept {
  DoomedBlocks doomed;
  doomed.add_values(block);
  doomed.destroy_all();
}

void VariantTree::destroy_entry_blocks(EntryBlock* blocks) noexcept {
  DoomedBlocks doomed;
  doomed.add_entries(blocks);
  doomed.destroy_all();
}

void VariantTree::destroy_block_of_properties(CompactBlock* block) noexcept {
  DoomedBlocks doomed;
  doomed.add_properties(block);
  doomed.destroy_all();
}

template <>
void destroy_compact_block<Variant>(CompactBlock* block) noexcept {
  VariantTree::destroy_block_of_values(block);
}

template <>
void destroy_compact_block<ObjectProperty>(CompactBlock* block) noexcept {
  VariantTree::destroy_block_of_properties(block);
}

}  // namespace ringpeer
