#include "plugin/plugin.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "plugin/config_schema.hpp"
#include "yaml/json.hpp"
#include "yaml/read.hpp"

using wasmctl::Error;
using wasmctl::format_error;
namespace base = wasmctl::base;
namespace plugin = wasmctl::plugin;
namespace fs = std::filesystem;

namespace {

// A directory `header_logger` with two sources, and wasmctl.yaml unless `yaml` is null.
class Directory {
 public:
  explicit Directory(const char* yaml) : path(temporary_.path() / "header_logger") {
    base::make_directories(path / "src");
    for (const char* source :
         {"b.cc", "a.cc", "c.cpp", "d.cxx", "e.c", ".#a.cc", "a.h", "src/c.cc"}) {
      base::write_file(path / source, "");
    }
    if (yaml != nullptr) base::write_file(path / plugin::kFileName, yaml);
  }

  std::string error() const {
    try {
      (void)plugin::load(path);
      return "";
    } catch (const Error& error) {
      auto text = format_error(error);
      const auto prefix = path.native();
      for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
        text.replace(at, prefix.size(), "DIR");
      }
      return text;
    }
  }

 private:
  base::TemporaryDirectory temporary_;

 public:
  fs::path path;
};

}  // namespace

TEST_CASE("load without wasmctl.yaml takes every source in C++ and C and the directory's name") {
  for (const char* yaml : {static_cast<const char*>(nullptr), "", "# nothing yet\n", "plugin:\n"}) {
    const Directory directory(yaml);
    const auto got = plugin::load(directory.path);
    CHECK(got.name == "header-logger");
    CHECK(got.sources == std::vector<fs::path>{"a.cc", "b.cc", "c.cpp", "d.cxx", "e.c"});
    CHECK(got.directory == directory.path);
    CHECK_FALSE(got.version);
    CHECK_FALSE(got.image);
    CHECK(got.settings.empty());
  }
}

TEST_CASE("what is not a file is not read, and not waited for") {
  const Directory directory(nullptr);
  std::filesystem::create_directory(directory.path / "x.cc");
  REQUIRE(::mkfifo((directory.path / "y.cc").c_str(), 0600) == 0);
  CHECK(plugin::load(directory.path).sources ==
        std::vector<fs::path>{"a.cc", "b.cc", "c.cpp", "d.cxx", "e.c"});
  REQUIRE(::mkfifo((directory.path / "wasmctl.yaml").c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(
      plugin::load(directory.path),
      ("`" + (directory.path / "wasmctl.yaml").native() + "` is not a regular file").c_str(),
      Error);
}

TEST_CASE("load reads every key") {
  const Directory directory(
      "name: my-filter\n"
      "version: 1.10\n"
      "sources: [src/c.cc, ./a.cc, a.cc]\n"
      "image: ghcr.io/acme/header-logger\n"
      "plugin:\n"
      "  phase: AUTHZ\n"
      "  config: {log_level: info, n: 3}\n");
  const auto got = plugin::load(directory.path);
  CHECK(got.name == "my-filter");
  CHECK(got.version == "1.10");
  CHECK(got.sources == std::vector<fs::path>{"a.cc", "src/c.cc"});
  CHECK(got.image == "ghcr.io/acme/header-logger");
  REQUIRE(got.settings.size() == 2);
  CHECK(got.settings[0].key == "phase");
  CHECK(got.settings[0].place == (directory.path / "wasmctl.yaml").native() + ":6:3");
  CHECK(got.settings[1].key == "config");
  CHECK(got.settings[1].value->dump() == R"({"log_level":"info","n":3})");
  CHECK(got.settings[1].place == (directory.path / "wasmctl.yaml").native() + ":7:3");
}

TEST_CASE("load reads what the plugin is built with") {
  const Directory directory(
      "defines: ['STAGE=\"prod\"', FAST]\n"
      "includes: [src, ..]\n"
      "optimize: 2\n"
      "std: c++23\n"
      "cxxflags: [-Wextra]\n"
      "ldflags: [-Lsrc, -lx]\n");
  const auto got = plugin::load(directory.path);
  using Words = std::vector<std::string>;
  CHECK(got.build.defines == Words{"STAGE=\"prod\"", "FAST"});
  CHECK(got.build.includes == Words{"src", ".."});
  CHECK(got.build.optimize == "2");
  CHECK(got.build.standard == "c++23");
  CHECK(got.build.compile_flags == Words{"-Wextra"});
  CHECK(got.build.link_flags == Words{"-Lsrc", "-lx"});
  CHECK(plugin::module_path(got) == directory.path / "build/header-logger.wasm");
  CHECK(plugin::schema_path(got) == directory.path / "build/header-logger.schema.json");
}

TEST_CASE("a source is not named so that the compiler takes it for a list of options") {
  const Directory directory(nullptr);
  base::write_file(directory.path / "@lib.cc", "");
  CHECK(directory.error() ==
        "error: DIR: its list of sources names `@lib.cc`, which the compiler would take for a list "
        "of options\n"
        "hint: rename the file\n");
}

TEST_CASE("load refuses, and says where and why") {
  struct Case {
    const char* yaml;
    const char* want;
  };
  const Case cases[] = {
      {"name: x\nsoruces: [a.cc]\n",
       "error: DIR/wasmctl.yaml:2:1: unknown key `soruces`\n"
       "hint: did you mean `sources`? one of: name, version, sources, defines, includes, "
       "optimize, std, cxxflags, ldflags, libraries, hosts, image, annotations, plugin\n"},
      {"zzz: 1\n",
       "error: DIR/wasmctl.yaml:1:1: unknown key `zzz`\n"
       "hint: one of: name, version, sources, defines, includes, optimize, std, cxxflags, "
       "ldflags, libraries, hosts, image, annotations, plugin\n"},
      {"name: Header_Logger\n",
       "error: DIR/wasmctl.yaml:1:7: `name` must be 1 to 63 of a-z, 0-9 and `-`, with no `-` at an "
       "end, not `Header_Logger`\n"},
      {"annotations: [a]\n",
       "error: DIR/wasmctl.yaml:1:14: `annotations` must be a mapping, not a list\n"},
      {"annotations: {a: {b: c}}\n",
       "error: DIR/wasmctl.yaml:1:18: `a` must be a string, not a mapping\n"},
      {"name: [a]\n", "error: DIR/wasmctl.yaml:1:7: `name` must be a string, not a list\n"},
      {"name:\n", "error: DIR/wasmctl.yaml:1:6: `name` must be a string, not nothing\n"},
      {"version: ''\n", "error: DIR/wasmctl.yaml:1:10: `version` must not be empty\n"},
      {"sources: a.cc\n",
       "error: DIR/wasmctl.yaml:1:10: `sources` must be a list of file names, not a string\n"},
      {"sources: []\n",
       "error: DIR/wasmctl.yaml:1:10: `sources` must be a list of file names, not an empty one\n"},
      {"sources: [a.cc, ../b.cc]\n",
       "error: DIR/wasmctl.yaml:1:17: `sources` names `../b.cc`, which is outside the plugin's "
       "directory\n"},
      {"sources: [src/../../b.cc]\n",
       "error: DIR/wasmctl.yaml:1:11: `sources` names `src/../../b.cc`, which is outside the "
       "plugin's directory\n"},
      {"sources: [/etc/passwd]\n",
       "error: DIR/wasmctl.yaml:1:11: `sources` names `/etc/passwd`, which is outside the plugin's "
       "directory\n"},
      {"sources:\n- missing.cc\n",
       "error: DIR/wasmctl.yaml:2:3: `sources` names `missing.cc`, which is not a file\n"},
      {"sources: [src]\n",
       "error: DIR/wasmctl.yaml:1:11: `sources` names `src`, which is not a file\n"},
      {"sources: [a.cc, src/@b.cc]\n",
       "error: DIR/wasmctl.yaml:1:17: `sources` names `src/@b.cc`, which the compiler would take "
       "for "
       "a list of options\n"
       "hint: rename the file\n"},
      {"defines: [A, '@words']\n",
       "error: DIR/wasmctl.yaml:1:14: `defines` must be NAME or NAME=VALUE, not `@words`\n"},
      {"includes: [src, none]\n",
       "error: DIR/wasmctl.yaml:1:17: `includes` names `none`, which is not a directory\n"},
      {"optimize: 9\n",
       "error: DIR/wasmctl.yaml:1:11: `optimize` cannot be `9`\n"
       "hint: one of: 0, 1, 2, 3, s, z\n"},
      {"std: c++14\n",
       "error: DIR/wasmctl.yaml:1:6: `std` cannot be `c++14`\n"
       "hint: did you mean `c++17`? one of: c++17, c++20, c++23, c++26, gnu++17, gnu++20, gnu++23, "
       "gnu++26\n"},
      {"cxxflags: [-Wextra, -fplugin=./x.so]\n",
       "error: DIR/wasmctl.yaml:1:11: `cxxflags` cannot hand over `-fplugin=./x.so`: only flags "
       "that "
       "change the module and nothing else\n"
       "hint: on the command line all are taken: --cxxflag='-fplugin=./x.so'\n"},
      {"ldflags: ['-Wl,-o,x']\n",
       "error: DIR/wasmctl.yaml:1:10: `ldflags` cannot hand over `-Wl,-o,x`: only flags that "
       "change "
       "the module and nothing else\n"
       "hint: on the command line all are taken: --ldflag='-Wl,-o,x'\n"},
      {"libraries: [a]\n",
       "error: DIR/wasmctl.yaml:1:12: `libraries` must be a mapping, not a list\n"},
      {"libraries: {abseil: ../no}\n",
       "error: DIR/wasmctl.yaml:1:21: `abseil` names `../no`, which is not a directory\n"},
      {"libraries: {../a: src}\n",
       "error: DIR/wasmctl.yaml:1:13: `../a` cannot be the name of a library\n"},
      {"libraries:\n  geohash: {sources: [a.c]}\n",
       "error: DIR/wasmctl.yaml:2:3: `geohash` needs a `path`\n"},
      {"libraries: {g: {path: src, source: [a.c]}}\n",
       "error: DIR/wasmctl.yaml:1:28: unknown key `source`\n"
       "hint: a library has path, sources, includes and defines\n"},
      {"libraries: {g: {path: src, sources: [../a.c]}}\n",
       "error: DIR/wasmctl.yaml:1:38: `sources` names `../a.c`, which is outside the library's "
       "directory\n"},
      {"libraries: {g: {path: src, includes: [/usr/include]}}\n",
       "error: DIR/wasmctl.yaml:1:39: `includes` names `/usr/include`, which is outside the "
       "library's directory\n"},
      {"libraries: {g: {path: src, defines: ['-fplugin=x']}}\n",
       "error: DIR/wasmctl.yaml:1:38: `defines` must be NAME or NAME=VALUE, not `-fplugin=x`\n"},
      {"plugin: [phase]\n",
       "error: DIR/wasmctl.yaml:1:9: `plugin` must be a mapping, not a list\n"},
      {"- name\n", "error: DIR/wasmctl.yaml:1:1: must be a mapping, not a list\n"},
      {"name: a\nname: b\n", "error: DIR/wasmctl.yaml:2:1: key `name` is set twice\n"},
      {"name: a\n---\nname: b\n",
       "error: DIR/wasmctl.yaml:2:1: a second document; one is expected\n"},
      {"sources: [*.cc]\n",
       "error: DIR/wasmctl.yaml:1:12: did not find expected alphabetic or numeric character, while "
       "scanning an alias that starts at line 1\n"},
      {"plugin: {config: .inf}\n", "error: DIR/wasmctl.yaml:1:18: JSON has no number `.inf`\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.yaml);
    CHECK(Directory(c.yaml).error() == c.want);
  }
}

TEST_CASE("libraries are outside, with the place where they are named; protos are apart") {
  const Directory directory(
      "libraries:\n  abseil: ..\n  g: {path: src, sources: ['*.c'], includes: [.], defines: "
      "[A]}\n");
  base::write_file(directory.path / "x.proto", "");
  const auto got = plugin::load(directory.path);
  const auto file = (directory.path / plugin::kFileName).native();
  CHECK(got.build.libraries ==
        std::vector<plugin::Library>{{"abseil", "..", {}, {}, {}, {file, 2, 3}},
                                     {"g", "src", {"*.c"}, {"."}, {"A"}, {file, 3, 3}}});
  CHECK(got.protos == std::vector<fs::path>{"x.proto"});
  CHECK(got.sources == std::vector<fs::path>{"a.cc", "b.cc", "c.cpp", "d.cxx", "e.c"});
}

TEST_CASE("load refuses a directory that is none, empty, or without a usable name") {
  const base::TemporaryDirectory temporary;
  const auto here = temporary.path();
  CHECK_THROWS_WITH_AS((void)plugin::load(here / "no"),
                       ("no directory " + (here / "no").native()).c_str(), Error);
  CHECK_THROWS_WITH_AS(
      (void)plugin::load(here),
      ("no *.cc, *.cpp, *.cxx, *.c, Cargo.toml or go.mod in " + here.native()).c_str(), Error);
  base::make_directories(here / "-x-");
  base::write_file(here / "-x-/a.cc", "");
  CHECK_THROWS_WITH_AS((void)plugin::load(here / "-x-"),
                       "the name of directory `-x-` must be 1 to 63 of a-z, 0-9 and `-`, with no "
                       "`-` at an end, not `-x-`",
                       Error);
}

TEST_CASE("a directory with a Cargo.toml or go.mod is cargo's or Go's, unless sources are named") {
  const Directory directory("name: a\n");
  CHECK(plugin::load(directory.path).builder == plugin::Builder::clang);
  base::write_file(directory.path / "go.mod", "");
  CHECK(plugin::load(directory.path).builder == plugin::Builder::go);
  base::write_file(directory.path / "Cargo.toml", "");
  const auto got = plugin::load(directory.path);
  CHECK(got.builder == plugin::Builder::cargo);
  CHECK(got.sources.empty());

  base::write_file(directory.path / "wasmctl.yaml", "sources: [a.cc]\nstd: c++23\n");
  CHECK(plugin::load(directory.path).builder == plugin::Builder::clang);
  base::write_file(directory.path / "wasmctl.yaml", "name: a\nstd: c++23\n");
  CHECK(directory.error() ==
        "error: DIR/wasmctl.yaml:2:1: `std` is for C and C++\n"
        "hint: cargo goes by Cargo.toml: say it in its [profile.release]\n");
}

TEST_CASE("hosts are products with ranges of versions") {
  const Directory directory("hosts: {istio: '>=1.28', envoy: 1.40, higress: '*'}\n");
  const auto hosts = plugin::load(directory.path).hosts;
  CHECK(wasmctl::wasm::to_string(hosts) == "istio >=1.28, envoy 1.40, higress *");
  CHECK(Directory("hosts: {istoi: 1.28}\n").error() ==
        "error: DIR/wasmctl.yaml:1:9: `hosts` knows no `istoi`\n"
        "hint: did you mean `istio`? one of: envoy, istio, envoy-gateway, higress\n");
  CHECK(Directory("hosts:\n  istio: latest\n").error() ==
        "error: DIR/wasmctl.yaml:2:10: `istio` is not a range of versions: `latest`\n"
        "hint: \">=1.24\", \">=1.28 <1.31\", \"1.30\" and \"*\" are\n");
  CHECK(Directory("hosts: istio\n").error() ==
        "error: DIR/wasmctl.yaml:1:8: `hosts` must be a mapping, not a string\n");
}

TEST_CASE("the JSON Schema of wasmctl.yaml takes and refuses what load does") {
  const auto text_of_schema = plugin::file_schema({{"type", {"object", "null"}}}).dump();
  const auto schema = nlohmann::json::parse(text_of_schema);
  const char* const texts[] = {
      "name: a-b\nversion: 1.10\n",
      "name: A\n",
      "name: [a]\n",
      "name:\n",
      "version: true\n",
      "nmae: a\n",
      "sources: [a.cc]\n",
      "sources: []\n",
      "sources: a.cc\n",
      "defines: [A, B=1, 'C(x)=x', _D=]\n",
      "defines: [1A]\n",
      "defines: [A-B]\n",
      "optimize: 2\n",
      "optimize: s\n",
      "optimize: 4\n",
      "std: c++23\n",
      "std: c++11\n",
      "includes: [src]\n",
      "includes: src\n",
      "cxxflags: [-Wextra]\n",
      "ldflags: [[-lm]]\n",
      "hosts: {istio: '>=1.24', envoy: '>=1.32 <1.40'}\n",
      "hosts: {istio: 1.28, higress: '*'}\n",
      "hosts: {istio: '>= 1.28,<1.30'}\n",
      "hosts: {istio: latest}\n",
      "hosts: {istio: '1'}\n",
      "hosts: {nginx: 1.28}\n",
      "hosts: [istio]\n",
      "image: ghcr.io/a/b\n",
      "image: {}\n",
      "annotations: {a: b, c: 1}\n",
      "annotations: {a: [b]}\n",
      "annotations: [a]\n",
      "plugin: {phase: AUTHZ}\n",
      "plugin:\n",
      "plugin: [a]\n",
      "- a\n",
      "",
  };
  for (const auto* const text : texts) {
    CAPTURE(std::string(text));
    const Directory directory(text);
    const auto root = wasmctl::yaml::read_one(text, "x").root;
    const auto value = wasmctl::yaml::to_json(root, "x", wasmctl::yaml::Keys::as_written);
    CHECK(plugin::violations_of(value, schema, "schema").empty() == directory.error().empty());
  }
}
