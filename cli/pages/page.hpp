// Pages of HTML: a file in this folder, embedded at build time (cmake/embed_texts.cmake), with what
// all share (kit.html: style, search, keys) in the place of @KIT@ and its data in the place of
// @DATA@. A page is one file that asks nothing of the network.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace wasmctl::cli {

// Texts in `data` may be anybody's: they stay data.
std::string make_page(std::string_view page, const nlohmann::json& data);

}  // namespace wasmctl::cli
