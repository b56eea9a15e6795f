#include "http/curl.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <exception>
#include <system_error>
#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"

namespace wasmctl::http {

namespace {

constexpr char kLibrary[] = "libcurl.so.4";

// It, or a library that it needs, is not there, or is none; or there is no memory for it.
Error not_loaded() {
  const char* text = ::dlerror();
  const std::string reason = text == nullptr ? kLibrary : text;
  const auto says = [&](const char* words) { return reason.find(words) != std::string::npos; };
  if (says("failed to map") || says("allocate memory")) {
    return Error(Code::io, "cannot talk to a registry: there is no memory for libcurl")
        .because(reason);
  }
  const bool absent = says("No such file");
  return Error(Code::tool_missing, fmt::format("cannot talk to a registry: libcurl {}",
                                               absent ? "is not installed" : "cannot be loaded"))
      .because(reason)
      .hint(absent ? "install it: `apt install libcurl4`"
                   : "install it anew: `apt install --reinstall libcurl4`");
}

template <typename Function>
void find(void* library, const char* name, Function& function) {
  void* symbol = ::dlsym(library, name);
  if (symbol == nullptr) throw not_loaded();
  function = reinterpret_cast<Function>(symbol);  // as POSIX promises of dlsym
}

CurlApi load() {
  void* library = ::dlopen(kLibrary, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) throw not_loaded();
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
    throw Error(Code::io, "cannot talk to a registry: libcurl does not start");
  }
  return api;
}

}  // namespace

const CurlApi& curl() {
  static const CurlApi api = load();
  return api;
}

std::jthread load_curl_early() {
  const auto load = [] {
    try {
      curl();
    } catch (const std::exception& error) {  // is thrown again where libcurl is used
      base::log_debug(error.what());
    }
  };
  try {
    return std::jthread(load);
  } catch (const std::system_error&) {  // no thread to be had: it is loaded where it is used
    return {};
  }
}

}  // namespace wasmctl::http
