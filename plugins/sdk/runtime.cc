// The plugin's contexts: created, found and deleted as the host says.
#include "proxy_wasm_api.h"
#include "proxy_wasm_tree.h"

namespace proxy_wasm {

Registration* Registration::last = nullptr;
bool Registration::any_named = false;
constinit StreamFactory UnnamedRegistration::streams{nullptr};
constinit RootContextFactory UnnamedRegistration::root{nullptr};

// The contexts that live.
class ContextTable {
 public:
  ContextBase* find(uint32_t id) { return tree_.find(id); }
  void insert(ContextBase* context) { tree_.insert(context); }

  // As the virtual functions of ContextBase, which a plugin may override.
  static RootContext* as_root(ContextBase* context) {
    const bool is_root = context != nullptr && context->kind_ == ContextBase::Kind::root;
    return is_root ? static_cast<RootContext*>(context) : nullptr;
  }
  static Context* as_stream(ContextBase* context) {
    const bool is_stream = context != nullptr && context->kind_ == ContextBase::Kind::stream;
    return is_stream ? static_cast<Context*>(context) : nullptr;
  }

  // Deletes the object, too.
  void erase(uint32_t id) {
    ContextBase* const context = tree_.remove(id);
    if (Callouts::any_made) {
      if (RootContext* root = as_root(context)) delete root->callouts_;
    }
    delete context;
  }

  // What the plugin has registered for the host's root_id; null if that is nothing.
  static RootContext* make_root(uint32_t id);
  static RootContext* make_named_root(uint32_t id);
  static Context* make_stream(uint32_t id, RootContext* root);

 private:
  Tree<ContextBase> tree_;
};

namespace {

constinit ContextTable contexts;

}  // namespace

// The root_id that the host names, as it was registered; "" if it was not.
static std::string_view registered_root_id() {
  static constexpr char kProperty[] = "plugin_root_id";
  const char* bytes = nullptr;
  size_t size = 0;
  proxy_get_property(kProperty, sizeof kProperty - 1, &bytes, &size);
  const WasmData root_id(bytes, size);
  for (auto* entry = Registration::last; entry != nullptr; entry = entry->next) {
    if (entry->root_id == root_id.view()) return entry->root_id;
  }
  return {};
}

// By what is registered under the host's root_id; null if nothing is.
RootContext* ContextTable::make_named_root(uint32_t id) {
  const std::string_view root_id = registered_root_id();
  const Registration* registered = nullptr;
  static constexpr StreamFactory kNone(nullptr);
  const StreamFactory* streams = &kNone;
  for (auto* entry = Registration::last; entry != nullptr; entry = entry->next) {
    if (entry->root_id != root_id) continue;
    if (registered == nullptr || !registered->root) registered = entry;
    if (!*streams && entry->streams) streams = &entry->streams;
  }
  if (registered == nullptr) return nullptr;
  RootContext* const root = registered->root ? registered->root(id, registered->root_id)
                                             : new RootContext(id, registered->root_id);
  root->streams_ = streams;
  return root;
}

RootContext* ContextTable::make_root(uint32_t id) {
  if (Registration::any_named) {
    if (RootContext* root = make_named_root(id)) return root;
  }
  if (UnnamedRegistration::root) return UnnamedRegistration::root(id, {});
  if (UnnamedRegistration::streams) return new RootContext(id, {});
  if (Registration::any_named) logWarn("no plugin has this root_id");
  return nullptr;
}

Context* ContextTable::make_stream(uint32_t id, RootContext* root) {
  if (root == nullptr) return nullptr;
  if (Registration::any_named && root->streams_ != nullptr) {
    return *root->streams_ ? (*root->streams_)(id, root) : nullptr;
  }
  return UnnamedRegistration::streams ? UnnamedRegistration::streams(id, root) : nullptr;
}

}  // namespace proxy_wasm

using proxy_wasm::contexts;

ContextBase* getContextBase(uint32_t context_id) {
  return contexts.find(context_id);
}

Context* getContext(uint32_t context_id) {
  return proxy_wasm::ContextTable::as_stream(getContextBase(context_id));
}

RootContext* getRootContext(uint32_t context_id) {
  return proxy_wasm::ContextTable::as_root(getContextBase(context_id));
}

// The exports that no plugin can do without. Their symbols are not called what they are exported
// as: a plugin that defines these itself, on the raw ABI, then has no need of this file.
namespace proxy_wasm {

__attribute__((used, export_name("proxy_abi_version_0_2_1"))) void abi_version_0_2_1() {}

// `parent_context_id` is 0 for a root context, and a root context's for a stream.
static void create(uint32_t context_id, uint32_t parent_context_id) {
  if (getContextBase(context_id) != nullptr) return;
  ContextBase* context = nullptr;
  if (parent_context_id == 0) {
    context = contexts.make_root(context_id);
  } else {
    context = contexts.make_stream(context_id, getRootContext(parent_context_id));
  }
  if (context == nullptr) return;
  contexts.insert(context);
  if (parent_context_id == 0 && root_made != nullptr) root_made(context_id);
  context->onCreate();
}

static void remove(uint32_t context_id) {
  ContextBase* context = getContextBase(context_id);
  if (context == nullptr) return;
  context->onDelete();
  contexts.erase(context_id);
}

__attribute__((used, export_name("proxy_on_context_create"))) void on_context_create(
    uint32_t context_id, uint32_t parent_context_id) {
  guarded([=] { create(context_id, parent_context_id); });
}

__attribute__((used, export_name("proxy_on_delete"))) void on_delete(uint32_t context_id) {
  guarded([=] { remove(context_id); });
}

}  // namespace proxy_wasm
