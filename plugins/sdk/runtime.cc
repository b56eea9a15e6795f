// The plugin's contexts: created, found and deleted as the host says.
#include "proxy_wasm_api.h"

namespace proxy_wasm {

// Contexts by their number. Each hangs in the list of one bucket; the host counts its numbers up,
// so that the lowest bits are as good as a hash.
class ContextTable {
 public:
  ContextBase* find(uint32_t id) const {
    ContextBase* context = buckets_[id & mask_];
    while (context != nullptr && context->id_ != id) context = context->next_;
    return context;
  }

  void insert(ContextBase* context) {
    if (size_ > mask_) grow();
    hang(context);
    ++size_;
  }

  void erase(ContextBase* context) {
    ContextBase** link = &buckets_[context->id_ & mask_];
    while (*link != context) link = &(*link)->next_;
    *link = context->next_;
    --size_;
    if (RootContext* root = context->asRoot()) delete root->callouts_;
    delete context;
  }

  // What the plugin has registered for the host's root_id; null if that is nothing.
  static RootContext* make_root(uint32_t id);
  static Context* make_stream(uint32_t id, RootContext* root);

 private:
  void hang(ContextBase* context) {
    ContextBase*& bucket = buckets_[context->id_ & mask_];
    context->next_ = bucket;
    bucket = context;
  }

  void grow() {
    ContextBase** const old = buckets_;
    const uint32_t old_mask = mask_;
    mask_ = 2 * mask_ + 1;
    buckets_ = new ContextBase*[mask_ + 1]();
    for (uint32_t i = 0; i <= old_mask; ++i) {
      for (ContextBase* context = old[i]; context != nullptr;) {
        ContextBase* const next = context->next_;
        hang(context);
        context = next;
      }
    }
    if (old != first_) delete[] old;
  }

  ContextBase* first_[1] = {};
  ContextBase** buckets_ = first_;
  uint32_t mask_ = 0;  // buckets - 1: a power of two
  uint32_t size_ = 0;
};

namespace {

constinit ContextTable contexts;

}  // namespace

RootContext* ContextTable::make_root(uint32_t id) {
  static constexpr char kProperty[] = "plugin_root_id";
  const char* bytes = nullptr;
  size_t size = 0;
  proxy_get_property(kProperty, sizeof kProperty - 1, &bytes, &size);
  const WasmData root_id(bytes, size);

  const Registration* registered = nullptr;
  const StreamFactory* streams = nullptr;
  for (const auto* entry = Registration::last; entry != nullptr; entry = entry->next) {
    if (entry->root_id != root_id.view()) continue;
    if (registered == nullptr || registered->root_is_base) registered = entry;
    if (streams == nullptr && entry->streams) streams = &entry->streams;
  }
  if (registered == nullptr) {
    logWarn("no plugin is registered under this root_id");
    return nullptr;
  }
  RootContext* root = registered->root(id, registered->root_id);
  root->streams_ = streams;
  return root;
}

Context* ContextTable::make_stream(uint32_t id, RootContext* root) {
  if (root == nullptr || root->streams_ == nullptr) return nullptr;
  return (*root->streams_)(id, root);
}

}  // namespace proxy_wasm

using proxy_wasm::contexts;

ContextBase* getContextBase(uint32_t context_id) { return contexts.find(context_id); }

Context* getContext(uint32_t context_id) {
  ContextBase* context = getContextBase(context_id);
  return context == nullptr ? nullptr : context->asContext();
}

RootContext* getRootContext(uint32_t context_id) {
  ContextBase* context = getContextBase(context_id);
  return context == nullptr ? nullptr : context->asRoot();
}

// The exports that no plugin can do without.
extern "C" {

__attribute__((export_name("proxy_abi_version_0_2_1"))) void proxy_abi_version_0_2_1() {}

// `parent_context_id` is 0 for a root context, and a root context's for a stream.
__attribute__((export_name("proxy_on_context_create"))) void proxy_on_context_create(
    uint32_t context_id, uint32_t parent_context_id) {
  if (getContextBase(context_id) != nullptr) return;
  ContextBase* context = nullptr;
  if (parent_context_id == 0) {
    context = contexts.make_root(context_id);
  } else {
    context = contexts.make_stream(context_id, getRootContext(parent_context_id));
  }
  if (context == nullptr) return;
  contexts.insert(context);
  context->onCreate();
}

__attribute__((export_name("proxy_on_delete"))) void proxy_on_delete(uint32_t context_id) {
  ContextBase* context = getContextBase(context_id);
  if (context == nullptr) return;
  context->onDelete();
  contexts.erase(context);
}

}  // extern "C"
