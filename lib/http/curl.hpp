// libcurl, opened on first use: for lib/http, and whoever has it loaded ahead of that.
#pragma once

#include <curl/curl.h>

#include <thread>

namespace wasmctl::http {

// The functions that are used, named as libcurl's without `curl_`. Their types are those of the
// header, whose ABI libcurl keeps for as long as the library is called libcurl.so.4.
struct CurlApi {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
};

// Throws Error{Code::tool_missing} naming the package if libcurl is not installed, {io} if there is
// no memory for it.
const CurlApi& curl();

// Begins to open it on a thread of its own, if there is one to be had: it takes 4 ms, in which
// others may work. The result waits for it: the libraries that it loads clean up when the program
// ends, and must not do so while they are still being loaded.
[[nodiscard]] std::jthread load_curl_early();

}  // namespace wasmctl::http
