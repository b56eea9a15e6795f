#include "engine/heap.hpp"

#include <algorithm>
#include <cstring>

namespace wasmctl::engine {

// What an object takes besides its own bytes.
std::uint64_t Heap::cost(std::uint64_t size) {
  return size + sizeof(Object) + 16;
}

Slot Heap::add(std::uint32_t type, std::uint32_t length, std::uint64_t size) {
  if (size > most_bytes_) return 0;
  if (used_ + cost(size) > std::min(collect_at_, most_bytes_)) {
    collect();
    if (used_ + cost(size) > most_bytes_) return 0;
    collect_at_ = std::max(collect_at_, 2 * (used_ + cost(size)));
  }
  auto number = static_cast<std::uint32_t>(objects_.size());
  if (free_.empty()) {
    objects_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  objects_[number] = {type, length, size, std::make_unique<std::uint8_t[]>(size), false};
  used_ += cost(size);
  return std::uint64_t{1} << 62U | std::uint64_t{number} << 1U;
}

void Heap::collect() {
  roots_([this](std::span<const Slot> slots) {
    for (const auto slot : slots) mark(slot);
  });
  while (!to_scan_.empty()) {
    const auto number = to_scan_.back();
    to_scan_.pop_back();
    mark_fields(objects_[number]);
  }
  for (std::uint32_t i = 0; i < objects_.size(); ++i) {
    auto& object = objects_[i];
    if (object.bytes != nullptr && !object.is_marked) {
      used_ -= cost(object.size);
      object = {};
      free_.push_back(i);
    }
    object.is_marked = false;
  }
}

void Heap::mark(Slot slot) {
  if ((slot >> 62U & 1U) == 0 || (slot & 1U) != 0) return;
  const auto number = index(slot);
  if (number >= objects_.size()) return;
  auto& object = objects_[number];
  if (object.bytes == nullptr || object.is_marked) return;
  object.is_marked = true;
  if (types_.layout(object.type).has_references) {
    to_scan_.push_back(static_cast<std::uint32_t>(number));
  }
}

void Heap::mark_fields(const Object& object) {
  const auto& layout = types_.layout(object.type);
  const bool is_array = types_[object.type].form == wasm::TypeForm::array;
  const auto repeats = is_array ? object.length : 1;
  for (std::uint64_t i = 0; i < repeats; ++i) {
    for (const auto& field : layout.fields) {
      if (!field.type.is_reference()) continue;
      Slot slot = 0;
      std::memcpy(&slot, object.bytes.get() + i * layout.size + field.offset, sizeof slot);
      mark(slot);
    }
  }
}

}  // namespace wasmctl::engine
