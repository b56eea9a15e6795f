#include "compile/recipes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace wasmctl::compile {

namespace {

constexpr std::string_view kTop[] = {"."};
constexpr std::string_view kInclude[] = {"include"};

constexpr std::string_view kNoAsserts[] = {"NDEBUG"};

constexpr Layout kAbseilLayouts[] = {{"absl/strings/str_cat.cc", kTop}};
constexpr std::string_view kAbslTime[] = {"absl/time/duration.cc", "absl/time/format.cc"};
constexpr std::string_view kCctzCivil[] = {"absl/time/internal/cctz/src/civil_time_detail.cc"};
constexpr std::string_view kCctzZones[] = {"absl/time/internal/cctz/src/time_zone_fixed.cc",
                                           "absl/time/internal/cctz/src/time_zone_format.cc",
                                           "absl/time/internal/cctz/src/time_zone_if.cc",
                                           "absl/time/internal/cctz/src/time_zone_impl.cc",
                                           "absl/time/internal/cctz/src/time_zone_info.cc",
                                           "absl/time/internal/cctz/src/time_zone_libc.cc",
                                           "absl/time/internal/cctz/src/time_zone_lookup.cc",
                                           "absl/time/internal/cctz/src/time_zone_posix.cc",
                                           "absl/time/internal/cctz/src/zone_info_source.cc"};
constexpr std::string_view kAbslTables[] = {
    "absl/container/internal/hashtablez_sampler_force_weak_definition.cc"};
constexpr std::string_view kAbslCrc[] = {"absl/crc/internal/crc_memcpy_fallback.cc",
                                         "absl/crc/internal/crc_memcpy_x86_arm_combined.cc",
                                         "absl/crc/internal/crc_x86_arm_combined.cc"};
constexpr std::string_view kAbslRandom[] = {"absl/random/internal/randen_round_keys.cc"};
constexpr Companion kAbseilCompanions[] = {
    {"absl/time/time.h", kAbslTime},
    {"absl/time/internal/cctz/include/cctz/civil_time_detail.h", kCctzCivil},
    {"absl/time/internal/cctz/include/cctz/time_zone.h", kCctzZones},
    {"absl/container/internal/hashtablez_sampler.h", kAbslTables},
    {"absl/crc/internal/crc.h", kAbslCrc},
    {"absl/random/internal/randen.h", kAbslRandom},
};

constexpr StandIn kAbseilStandIns[] = {
    {"absl/base/internal/low_level_alloc.cc", "libraries/abseil_one_thread.h"}};

constexpr Layout kRe2Layouts[] = {{"re2/re2.cc", kTop}};
constexpr std::string_view kRe2Sources[] = {"re2/*.cc", "util/rune.cc", "util/strutil.cc"};

constexpr std::string_view kProtobufIncludes[] = {"src", "third_party/utf8_range"};
constexpr Layout kProtobufLayouts[] = {{"src/google/protobuf/message_lite.cc", kProtobufIncludes}};
constexpr std::string_view kAbseil[] = {"abseil"};
constexpr std::string_view kProtobufTables[] = {
    "src/google/protobuf/generated_message_tctable_lite.cc"};
constexpr std::string_view kProtobufMessages[] = {
    "src/google/protobuf/generated_message_tctable_full.cc",
    "src/google/protobuf/extension_set_heavy.cc",
    "src/google/protobuf/lazy_repeated_field_heavy.cc"};
constexpr std::string_view kProtobufAny[] = {"src/google/protobuf/any_lite.cc"};
constexpr std::string_view kProtobufUtf8[] = {"third_party/utf8_range/utf8_range.c"};
constexpr Companion kProtobufCompanions[] = {
    {"src/google/protobuf/generated_message_tctable_impl.h", kProtobufTables},
    {"src/google/protobuf/generated_message_tctable_decl.h", kProtobufTables},
    {"src/google/protobuf/message.h", kProtobufMessages},
    {"src/google/protobuf/any.h", kProtobufAny},
    {"third_party/utf8_range/utf8_validity.h", kProtobufUtf8},
};

constexpr std::string_view kSingleInclude[] = {"single_include"};
constexpr Layout kNlohmannLayouts[] = {{"include/nlohmann/json.hpp", kInclude},
                                       {"single_include/nlohmann/json.hpp", kSingleInclude},
                                       {"nlohmann/json.hpp", kTop}};

constexpr Layout kRapidjsonLayouts[] = {{"include/rapidjson/document.h", kInclude},
                                        {"rapidjson/document.h", kTop}};

constexpr Layout kFlatbuffersLayouts[] = {{"include/flatbuffers/flatbuffers.h", kInclude},
                                          {"flatbuffers/flatbuffers.h", kTop}};

constexpr Layout kFmtLayouts[] = {{"include/fmt/format.h", kInclude}};
constexpr std::string_view kFmtDefines[] = {"FMT_HEADER_ONLY=1"};

constexpr Layout kBoostLayouts[] = {{"boost/config.hpp", kTop}};

constexpr std::string_view kSource[] = {"src"};
constexpr Layout kLibinjectionLayouts[] = {{"src/libinjection_sqli.c", kSource}};
constexpr std::string_view kLibinjectionSources[] = {
    "src/libinjection_sqli.c", "src/libinjection_xss.c", "src/libinjection_html5.c"};
constexpr std::string_view kLibinjectionDefines[] = {"LIBINJECTION_VERSION=\"wasm\""};

constexpr Recipe kRecipes[] = {
    {.name = "abseil",
     .title = "Abseil",
     .address = "https://github.com/abseil/abseil-cpp",
     .instead = "the standard library has string_view, optional, unordered_map and from_chars",
     .headers = "absl/",
     .scope = "absl::",
     .layouts = kAbseilLayouts,
     .private_defines = kNoAsserts,
     .companions = kAbseilCompanions,
     .stand_ins = kAbseilStandIns},
    {.name = "re2",
     .title = "RE2",
     .address = "https://github.com/google/re2",
     .instead = "<regex>",
     .headers = "re2/",
     .scope = "re2::",
     .layouts = kRe2Layouts,
     .private_defines = kNoAsserts,
     .needs = kAbseil,
     .sources = kRe2Sources},
    {.name = "protobuf",
     .title = "protobuf",
     .address = "https://github.com/protocolbuffers/protobuf",
     .instead = "payloads are bytes, which proxy_wasm_protobuf.h reads and writes",
     .headers = "google/protobuf/",
     .scope = "google::protobuf::",
     .layouts = kProtobufLayouts,
     .private_defines = kNoAsserts,
     .needs = kAbseil,
     .companions = kProtobufCompanions},
    {.name = "nlohmann-json",
     .title = "nlohmann/json",
     .address = "https://github.com/nlohmann/json",
     .instead = "proxy_wasm_config.h and proxy_wasm_json.h read JSON in a few hundred bytes",
     .headers = "nlohmann/",
     .scope = {},
     .layouts = kNlohmannLayouts},
    {.name = "rapidjson",
     .title = "RapidJSON",
     .address = "https://github.com/Tencent/rapidjson",
     .instead = "proxy_wasm_config.h and proxy_wasm_json.h read JSON in a few hundred bytes",
     .headers = "rapidjson/",
     .scope = {},
     .layouts = kRapidjsonLayouts},
    {.name = "flatbuffers",
     .title = "FlatBuffers",
     .address = "https://github.com/google/flatbuffers",
     .instead = {},
     .headers = "flatbuffers/",
     .scope = {},
     .layouts = kFlatbuffersLayouts},
    {.name = "fmt",
     .title = "{fmt}",
     .address = "https://github.com/fmtlib/fmt",
     .instead = {},
     .headers = "fmt/",
     .scope = {},
     .layouts = kFmtLayouts,
     .defines = kFmtDefines},
    {.name = "boost",
     .title = "Boost",
     .address = "https://www.boost.org (its headers; not the libraries that are compiled)",
     .instead = {},
     .headers = "boost/",
     .scope = {},
     .layouts = kBoostLayouts},
    {.name = "libinjection",
     .title = "libinjection",
     .address = "https://github.com/libinjection/libinjection",
     .instead = {},
     .headers = "libinjection",
     .scope = {},
     .layouts = kLibinjectionLayouts,
     .defines = {},
     .private_defines = kLibinjectionDefines,
     .sources = kLibinjectionSources},
};

}  // namespace

std::span<const Recipe> recipes() {
  return kRecipes;
}

const Recipe* find_recipe(std::string_view name) {
  const auto* const found = std::ranges::find(kRecipes, name, &Recipe::name);
  return found == std::end(kRecipes) ? nullptr : found;
}

const Recipe* recipe_of_header(std::string_view header) {
  const auto* const found = std::ranges::find_if(
      kRecipes, [&](const Recipe& recipe) { return header.starts_with(recipe.headers); });
  return found == std::end(kRecipes) ? nullptr : found;
}

const Recipe* recipe_of_function(std::string_view readable_name) {
  const auto* const found = std::ranges::find_if(kRecipes, [&](const Recipe& recipe) {
    return !recipe.scope.empty() && readable_name.starts_with(recipe.scope);
  });
  return found == std::end(kRecipes) ? nullptr : found;
}

std::string how_to_have(const Recipe& recipe) {
  return fmt::format(
      "`libraries: {{{}: DIR}}` in wasmctl.yaml compiles {} for Wasm, DIR being a tree of {}{}{}",
      recipe.name, recipe.title, recipe.address,
      recipe.instead.empty() ? "" : "; or without it: ", recipe.instead);
}

}  // namespace wasmctl::compile
