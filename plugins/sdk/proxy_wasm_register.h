// How a plugin tells the SDK which context classes it has.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "proxy_wasm_exports.h"

using RootFactory =
    std::function<std::unique_ptr<RootContext>(uint32_t id, std::string_view root_id)>;
using ContextFactory = std::function<std::unique_ptr<Context>(uint32_t id, RootContext* root)>;

namespace proxy_wasm {

// Factories that know at compile time what they make, and so which callbacks are wanted.
template <class C>
struct MakeContext {
  std::unique_ptr<Context> operator()(uint32_t id, RootContext* root) const {
    export_callbacks_of<C>();
    return std::make_unique<C>(id, root);
  }
};
template <class C>
struct MakeRootContext {
  std::unique_ptr<RootContext> operator()(uint32_t id, std::string_view root_id) const {
    export_callbacks_of<C>();
    return std::make_unique<C>(id, root_id);
  }
};

// A class that overrides everything: stands for what another factory may make.
struct AnyContext : Context {
  using Context::Context;
  void onLog() override;
  void onForeignFunction(uint32_t, uint32_t) override;
  void onDone() override;
  FilterStatus onNewConnection() override;
  FilterStatus onDownstreamData(size_t, bool) override;
  FilterStatus onUpstreamData(size_t, bool) override;
  void onDownstreamConnectionClose(CloseType) override;
  void onUpstreamConnectionClose(CloseType) override;
  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override;
  FilterMetadataStatus onRequestMetadata(uint32_t) override;
  FilterDataStatus onRequestBody(size_t, bool) override;
  FilterTrailersStatus onRequestTrailers(uint32_t) override;
  FilterHeadersStatus onResponseHeaders(uint32_t, bool) override;
  FilterMetadataStatus onResponseMetadata(uint32_t) override;
  FilterDataStatus onResponseBody(size_t, bool) override;
  FilterTrailersStatus onResponseTrailers(uint32_t) override;
};
struct AnyRootContext : RootContext {
  using RootContext::RootContext;
  void onLog() override;
  void onForeignFunction(uint32_t, uint32_t) override;
  bool onDone() override;
  bool validateConfiguration(size_t) override;
  bool onStart(size_t) override;
  bool onConfigure(size_t) override;
  void onTick() override;
  void onQueueReady(uint32_t) override;
  void onHttpCallResponse(uint32_t, uint32_t, size_t, uint32_t) override;
  void onGrpcReceiveInitialMetadata(uint32_t, uint32_t) override;
  void onGrpcReceiveTrailingMetadata(uint32_t, uint32_t) override;
  void onGrpcReceive(uint32_t, size_t) override;
  void onGrpcClose(uint32_t, GrpcStatus) override;
};
template <class F>
void export_callbacks_made_by(const F&) {
  if constexpr (std::is_invocable_v<F, uint32_t, RootContext*>) {
    export_callbacks_of<std::conditional_t<(sizeof(F) > 0), AnyContext, F>>();
  } else {
    export_callbacks_of<std::conditional_t<(sizeof(F) > 0), AnyRootContext, F>>();
  }
}
template <class C>
void export_callbacks_made_by(const MakeContext<C>&) {}
template <class C>
void export_callbacks_made_by(const MakeRootContext<C>&) {}

// A factory of either kind, without its type: a pointer to its copy and how to call it. For the
// factories of the macros that is a constant, so that the compiler registers them, not the module.
template <class Made, class Argument>
class Factory {
 public:
  constexpr explicit Factory(std::nullptr_t) {}

  template <class F>
  constexpr explicit Factory(F factory) {
    export_callbacks_made_by(factory);
    if constexpr (std::is_empty_v<F> && std::is_default_constructible_v<F>) {
      call_ = [](void*, uint32_t id, Argument argument) -> Made* {
        return F{}(id, argument).release();
      };
    } else {
      if constexpr (std::is_constructible_v<bool, F>) {
        if (!static_cast<bool>(factory)) return;
      }
      state_ = new F(std::move(factory));
      call_ = [](void* state, uint32_t id, Argument argument) -> Made* {
        return (*static_cast<F*>(state))(id, argument).release();
      };
    }
  }
  explicit operator bool() const { return call_ != nullptr; }

  // A new object, the caller's.
  Made* operator()(uint32_t id, Argument argument) const { return call_(state_, id, argument); }

 private:
  using Call = Made* (*)(void* state, uint32_t id, Argument argument);

  Call call_ = nullptr;
  void* state_ = nullptr;  // never freed: a module is never asked to leave
};

class StreamFactory : public Factory<Context, RootContext*> {
  using Factory::Factory;
};
class RootContextFactory : public Factory<RootContext, const std::string_view&> {
  using Factory::Factory;
};

// What was registered at once under a root_id. Of several for one root_id, the last one counts.
// The lists are defined in runtime.cc: so whoever registers anything has the runtime in his module.
struct Registration {
  std::string_view root_id;
  StreamFactory streams;
  RootContextFactory root;  // null: nobody asked for one, a plain RootContext does
  Registration* next = nullptr;

  // The last one first.
  static Registration* last;
  // Whether there is any: else the module need not ask the host for its root_id.
  static bool any_named;
};

// What was registered without a root_id. Apart from the list, and never passed on by address: so
// the compiler sees in a module of one plugin, which most are, that these are constants, and calls
// the factories directly.
struct UnnamedRegistration {
  static StreamFactory streams;
  static RootContextFactory root;
};

// Is told the number of each root context that is made, if anybody wants to know: roots.cc.
inline void (*root_made)(uint32_t id) = nullptr;

// A root_id that somebody registers. The bytes of a literal stay where they are; what is made at run
// time is copied, since the host asks for it when it is long gone.
class RootId {
 public:
  template <size_t N>
  constexpr RootId(const char (&literal)[N]) : text_(literal) {}
  template <size_t N>
  RootId(char (&buffer)[N]) : text_(copy(buffer)) {}
  template <class T,
            std::enable_if_t<std::is_convertible_v<const T&, std::string_view>, int> = 0>
  RootId(const T& text) : text_(copy(text)) {}

  constexpr std::string_view text() const { return text_; }

 private:
  static std::string_view copy(std::string_view text) {
    auto* const bytes = new char[text.size()];  // never freed, as the registration
    return {static_cast<char*>(memcpy(bytes, text.data(), text.size())), text.size()};
  }

  std::string_view text_;
};

template <class F>
using IfMakesContexts = std::enable_if_t<std::is_invocable_v<F, uint32_t, RootContext*>, int>;
template <class F>
using IfMakesRoots = std::enable_if_t<std::is_invocable_v<F, uint32_t, std::string_view>, int>;

}  // namespace proxy_wasm

// Factories for a class with the usual constructor: (uint32_t, RootContext*), or
// (uint32_t, std::string_view).
#define CONTEXT_FACTORY(...) (::proxy_wasm::MakeContext<__VA_ARGS__>{})
#define ROOT_FACTORY(...) (::proxy_wasm::MakeRootContext<__VA_ARGS__>{})

// Registers the contexts of one root_id, as a static object. A module may hold several plugins,
// each under its own root_id; the host names it when it creates the root context. What is
// registered without a root_id serves every name that no other registration has. Without such a
// one, the module does nothing under a name that it does not know, and says so in the log.
class RegisterContextFactory {
 public:
  // For either factory nullptr, NULL or {} stand for none.
  template <class C, class R, proxy_wasm::IfMakesContexts<C> = 0, proxy_wasm::IfMakesRoots<R> = 0>
  RegisterContextFactory(C context_factory, R root_factory) {
    add_streams(std::move(context_factory));
    add_root(std::move(root_factory));
  }
  template <class C, proxy_wasm::IfMakesContexts<C> = 0>
  RegisterContextFactory(C context_factory, std::nullptr_t) {
    add_streams(std::move(context_factory));
  }
  template <class R, proxy_wasm::IfMakesRoots<R> = 0>
  RegisterContextFactory(std::nullptr_t, R root_factory) {
    add_root(std::move(root_factory));
  }
  template <class C, proxy_wasm::IfMakesContexts<C> = 0>
  explicit RegisterContextFactory(C context_factory)
      : RegisterContextFactory(std::move(context_factory), nullptr) {}
  template <class R, proxy_wasm::IfMakesRoots<R> = 0, class = void>
  explicit RegisterContextFactory(R root_factory)
      : RegisterContextFactory(nullptr, std::move(root_factory)) {}

  template <class C, class R, proxy_wasm::IfMakesContexts<C> = 0, proxy_wasm::IfMakesRoots<R> = 0>
  RegisterContextFactory(C context_factory, R root_factory, proxy_wasm::RootId root_id)
      : RegisterContextFactory(root_id, proxy_wasm::StreamFactory(std::move(context_factory)),
                               proxy_wasm::RootContextFactory(std::move(root_factory))) {}
  template <class C, proxy_wasm::IfMakesContexts<C> = 0>
  RegisterContextFactory(C context_factory, std::nullptr_t, proxy_wasm::RootId root_id)
      : RegisterContextFactory(root_id, proxy_wasm::StreamFactory(std::move(context_factory)),
                               proxy_wasm::RootContextFactory(nullptr)) {}
  template <class R, proxy_wasm::IfMakesRoots<R> = 0>
  RegisterContextFactory(std::nullptr_t, R root_factory, proxy_wasm::RootId root_id)
      : RegisterContextFactory(root_id, proxy_wasm::StreamFactory(nullptr),
                               proxy_wasm::RootContextFactory(std::move(root_factory))) {}
  RegisterContextFactory(std::nullptr_t, std::nullptr_t, proxy_wasm::RootId root_id)
      : RegisterContextFactory(root_id, proxy_wasm::StreamFactory(nullptr),
                               proxy_wasm::RootContextFactory(nullptr)) {}
  template <class C, proxy_wasm::IfMakesContexts<C> = 0>
  RegisterContextFactory(C context_factory, proxy_wasm::RootId root_id)
      : RegisterContextFactory(std::move(context_factory), nullptr, root_id) {}
  template <class R, proxy_wasm::IfMakesRoots<R> = 0, class = void>
  RegisterContextFactory(R root_factory, proxy_wasm::RootId root_id)
      : RegisterContextFactory(nullptr, std::move(root_factory), root_id) {}

  RegisterContextFactory(const RegisterContextFactory&) = delete;
  RegisterContextFactory& operator=(const RegisterContextFactory&) = delete;

  // Static objects are never destroyed here. What a temporary registered stays.
  ~RegisterContextFactory() {
    auto** link = &proxy_wasm::Registration::last;
    while (*link != nullptr && *link != &registration_) link = &(*link)->next;
    if (*link != nullptr) *link = new proxy_wasm::Registration(registration_);
  }

 private:
  RegisterContextFactory(proxy_wasm::RootId root_id, proxy_wasm::StreamFactory streams,
                         proxy_wasm::RootContextFactory root)
      : registration_{root_id.text(), streams, root, proxy_wasm::Registration::last} {
    proxy_wasm::Registration::last = &registration_;
    proxy_wasm::Registration::any_named = true;
  }

  template <class C>
  static void add_streams(C factory) {
    proxy_wasm::UnnamedRegistration::streams = proxy_wasm::StreamFactory(std::move(factory));
  }
  template <class R>
  static void add_root(R factory) {
    proxy_wasm::UnnamedRegistration::root = proxy_wasm::RootContextFactory(std::move(factory));
  }

  proxy_wasm::Registration registration_{
      {}, proxy_wasm::StreamFactory(nullptr), proxy_wasm::RootContextFactory(nullptr)};
};
