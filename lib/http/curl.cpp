#include "http/curl.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"

namespace wasmctl::http {

namespace {

constexpr char kLibrary[] = "libcurl.so.4";

Error missing() {
  const char* reason = ::dlerror();
  return Error(Code::tool_missing, "cannot talk to a registry: libcurl is not installed")
      .because(reason == nullptr ? std::string(kLibrary) : std::string(reason))
      .hint("install it: `apt install libcurl4`");
}

template <typename Function>
void find(void* library, const char* name, Function& function) {
  void* symbol = ::dlsym(library, name);
  if (symbol == nullptr) throw missing();
  function = reinterpret_cast<Function>(symbol);  // as POSIX promises of dlsym
}

CurlApi load() {
  void* library = ::dlopen(kLibrary, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) throw missing();
  CurlApi api{};
  find(library, "curl_global_init", api.global_init);
  find(library, "curl_easy_init", api.easy_init);
  find(library, "curl_easy_cleanup", api.easy_cleanup);
  find(library, "curl_easy_reset", api.easy_reset);
  find(library, "curl_easy_setopt", api.easy_setopt);
  find(library, "curl_easy_perform", api.easy_perform);
  find(library, "curl_easy_getinfo", api.easy_getinfo);
  find(library, "curl_easy_strerror", api.easy_strerror);
  find(library, "curl_slist_append", api.slist_append);
  find(library, "curl_slist_free_all", api.slist_free_all);
  if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error(Code::internal, "libcurl does not start");
  }
  return api;
}

}  // namespace

const CurlApi& curl() {
  static const CurlApi api = load();
  return api;
}

void load_curl_early() {
  static const std::jthread loader([] {
    try {
      curl();
    } catch (const Error& error) {  // is thrown again where libcurl is used
      base::log_debug(error.message());
    }
  });
}

}  // namespace wasmctl::http
