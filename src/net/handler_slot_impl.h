// SPDX-License-Identifier: Apache-2.0
//
// Memory inside an object for the one asynchronous wait that it has pending, so that a wait
// allocates nothing.
// Runs on: any agent.  Owns: the memory.  Invariant: at most one operation lies in a slot.
#pragma once

#include <cstddef>
#include <new>

namespace bolide::net {

class HandlerSlot {
 public:
  void* take(std::size_t size) {
    if (used_ || size > sizeof memory_) return ::operator new(size);
    used_ = true;
    return memory_;
  }
  void give_back(void* memory) {
    if (memory == memory_)
      used_ = false;
    else
      ::operator delete(memory);
  }

 private:
  alignas(std::max_align_t) std::byte memory_[112];
  bool used_ = false;
};

// The allocator that Asio finds through the handler's get_allocator().
template <class T>
class SlotAllocator {
 public:
  using value_type = T;
  explicit SlotAllocator(HandlerSlot& slot) : slot_(&slot) {}
  template <class U>
  SlotAllocator(const SlotAllocator<U>& other) : slot_(other.slot()) {}

  T* allocate(std::size_t count) { return static_cast<T*>(slot_->take(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) { slot_->give_back(memory); }

  HandlerSlot* slot() const { return slot_; }
  template <class U>
  bool operator==(const SlotAllocator<U>& other) const {
    return slot_ == other.slot();
  }

 private:
  HandlerSlot* slot_;
};

}  // namespace bolide::net
