// Where a platform has no mmap, Abseil leaves out what its Mutex stands on: LowLevelAlloc, the graph of
// locks by which it finds deadlocks, and the semaphore on which a thread waits. For the one thread of a
// module all that is little: memory comes from malloc, of one thread's locks none waits for another's,
// and who waits waits for ever.
//
// `wasmctl build` includes this before Abseil's own low_level_alloc.cc, which is empty then.
#pragma once

#include <cstdlib>
#include <cstring>

#include "absl/base/config.h"
#include "absl/base/internal/low_level_alloc.h"

#ifdef ABSL_LOW_LEVEL_ALLOC_MISSING

#include "absl/base/internal/thread_identity.h"
#include "absl/synchronization/internal/create_thread_identity.h"
#include "absl/synchronization/internal/graphcycles.h"
#include "absl/synchronization/internal/per_thread_sem.h"

namespace proxy_wasm {
[[noreturn]] void wait_forever(const char* what);
}

namespace absl {
ABSL_NAMESPACE_BEGIN

namespace base_internal {

struct LowLevelAlloc::Arena {};

void* LowLevelAlloc::Alloc(size_t request) { return request == 0 ? nullptr : std::malloc(request); }
void* LowLevelAlloc::AllocWithArena(size_t request, Arena*) { return Alloc(request); }
void LowLevelAlloc::Free(void* block) { std::free(block); }
LowLevelAlloc::Arena* LowLevelAlloc::DefaultArena() {
  static Arena arena;
  return &arena;
}
LowLevelAlloc::Arena* LowLevelAlloc::NewArena(uint32_t) { return DefaultArena(); }
bool LowLevelAlloc::DeleteArena(Arena*) { return true; }

}  // namespace base_internal

namespace synchronization_internal {

base_internal::ThreadIdentity* CreateThreadIdentity() {
  alignas(base_internal::PerThreadSynch::kAlignment) static char storage[sizeof(
      base_internal::ThreadIdentity)];
  auto* identity = reinterpret_cast<base_internal::ThreadIdentity*>(storage);
  base_internal::SetCurrentThreadIdentity(identity, [](void*) {});
  return identity;
}

GraphCycles::GraphCycles() = default;
GraphCycles::~GraphCycles() = default;
GraphId GraphCycles::GetId(void*) { return InvalidGraphId(); }
void GraphCycles::RemoveNode(void*) {}
void* GraphCycles::Ptr(GraphId) { return nullptr; }
bool GraphCycles::InsertEdge(GraphId, GraphId) { return true; }
void GraphCycles::RemoveEdge(GraphId, GraphId) {}
int GraphCycles::FindPath(GraphId, GraphId, int, GraphId[]) const { return 0; }
void GraphCycles::UpdateStackTrace(GraphId, int, int (*)(void**, int)) {}
int GraphCycles::GetStackTrace(GraphId, void***) { return 0; }

}  // namespace synchronization_internal
ABSL_NAMESPACE_END
}  // namespace absl

extern "C" {

void ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemInit)(absl::base_internal::ThreadIdentity*) {}
void ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemPost)(absl::base_internal::ThreadIdentity*) {}
void ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemPoke)(absl::base_internal::ThreadIdentity*) {}
bool ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemWait)(
    absl::synchronization_internal::KernelTimeout timeout) {
  if (timeout.has_timeout()) return false;
  proxy_wasm::wait_forever("an absl::Mutex or absl::CondVar waits");
}

}  // extern "C"

#endif  // ABSL_LOW_LEVEL_ALLOC_MISSING
