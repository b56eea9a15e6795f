// Lets requests in that carry a known API key, and answers 401 to all others.
#include "proxy_wasm_intrinsics.h"
#include "proxy_wasm_schema.h"
#include "proxy_wasm_views.h"

#include "config.h"

PROXY_WASM_DESCRIBE(Config);

namespace {

// Takes as long for a wrong key as for the right one, so that its time does not give the key away
// byte by byte.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

class Root : public RootContext {
 public:
  using RootContext::RootContext;

  bool onConfigure(size_t size) override { return proxy_wasm::configure(size, config_); }

  const Config& config() const { return config_; }

  // Null if nobody has that key.
  const Client* find(std::string_view key) const {
    const Client* found = nullptr;
    for (const auto& client : config_.clients) {
      if (same_secret(client.key, key)) found = &client;
    }
    return found;
  }

 private:
  Config config_;
};

class Stream : public Context {
 public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto* plugin = static_cast<Root*>(root());
    const Config& config = plugin->config();
    const auto key = proxy_wasm::request_header(config.header);
    // An empty key is none, whatever the configuration says.
    const Client* client = key.size() == 0 ? nullptr : plugin->find(key.view());
    if (client == nullptr) {
      sendLocalResponse(401, "api_key_unknown", "an API key is needed\n",
                        {{"content-type", "text/plain"}});
      return FilterHeadersStatus::StopAllIterationAndWatermark;
    }
    removeRequestHeader(config.header);
    // In place of what the client may have sent under that name.
    replaceRequestHeader(config.client_header, client->name);
    return FilterHeadersStatus::Continue;
  }
};

RegisterContextFactory register_api_key(CONTEXT_FACTORY(Stream), ROOT_FACTORY(Root));

}  // namespace
