#include "registry/credentials.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/files.hpp"

using namespace wasmctl::registry;  // NOLINT: every name below is from there
namespace base = wasmctl::base;

namespace {

// What is found in a docker config of this text: "user:password", "identity:TOKEN",
// "registry:TOKEN", or "none"; then every warning.
std::string find(const std::string& config, const std::string& registry,
                 const std::string& repository = "acme/a") {
  const base::TemporaryDirectory directory;
  base::write_file(directory.path() / "config.json", config);
  std::string warnings;
  const auto found = find_credentials(
      registry, repository,
      [&](const std::string& name) -> std::optional<std::string> {
        if (name == "DOCKER_CONFIG") return directory.path().native();
        return std::nullopt;
      },
      [&](const std::string& warning) {
        warnings += " | " + warning.substr(warning.find("is not used"));
      });
  if (!found) return "none" + warnings;
  if (!found->identity_token.empty()) return "identity:" + found->identity_token;
  if (!found->registry_token.empty()) return "registry:" + found->registry_token;
  CHECK(found->source == (directory.path() / "config.json").native());
  return found->username + ":" + found->password + warnings;
}

// Every warning where the environment is this, and nobody is found.
std::vector<std::string> warnings(const std::map<std::string, std::string>& env) {
  std::vector<std::string> all;
  const auto found = find_credentials(
      "ghcr.io", "acme/a",
      [&](const std::string& name) -> std::optional<std::string> {
        const auto value = env.find(name);
        return value == env.end() ? std::nullopt : std::optional(value->second);
      },
      [&](const std::string& warning) { all.push_back(warning); });
  CHECK_FALSE(found);
  return all;
}

}  // namespace

TEST_CASE("a config that is not there is worth a word where somebody named it") {
  const base::TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return (directory.path() / name).native(); };
  using List = std::vector<std::string>;
  CHECK(warnings({}) == List{});
  CHECK(warnings({{"HOME", at("")}, {"XDG_RUNTIME_DIR", at("none")}}) == List{});
  CHECK(warnings({{"HOME", at("none")}}) == List{});
  CHECK(warnings({{"DOCKER_CONFIG", at("")}}) == List{});  // without a config
  CHECK(warnings({{"DOCKER_CONFIG", at("none")}}) ==
        List{"`" + at("none/config.json") + "` is not used for the login: there is no directory `" +
             at("none") + "`, though $DOCKER_CONFIG names it"});
  CHECK(warnings({{"REGISTRY_AUTH_FILE", at("none.json")}, {"HOME", at("")}}) ==
        List{"`" + at("none.json") +
             "` is not used for the login: there is no such file, though $REGISTRY_AUTH_FILE names "
             "it"});
}

TEST_CASE("a config that may be there and cannot be read is worth a word wherever it is") {
  const base::TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return (directory.path() / name).native(); };
  using List = std::vector<std::string>;
  const auto unreadable = [](const std::string& file, const std::string& why) {
    return "`" + file + "` is not used for the login: cannot read `" + file + "`: " + why;
  };
  base::write_file(at(".docker"), "a file in the place of a directory");
  base::make_directories(at(".config/containers/auth.json"));
  CHECK(warnings({{"HOME", at("")}}) ==
        List{unreadable(at(".docker/config.json"), "Not a directory"),
             unreadable(at(".config/containers/auth.json"), "Is a directory")});
  CHECK(warnings({{"DOCKER_CONFIG", at(".docker")}}) ==
        List{unreadable(at(".docker/config.json"), "Not a directory")});
  base::make_directories(at("loop"));
  std::filesystem::create_symlink(at("loop/config.json"), at("loop/config.json"));
  CHECK(warnings({{"DOCKER_CONFIG", at("loop")}}) ==
        List{unreadable(at("loop/config.json"), "Too many levels of symbolic links")});
}

TEST_CASE("find_credentials reads what docker and podman write") {
  const auto auth = base::base64_encode("me:pa:ss");
  const struct {
    const char* name;
    std::string config;
    std::string registry;
    std::string want;
  } cases[] = {
      {"auth", R"({"auths":{"ghcr.io":{"auth":")" + auth + R"("}}})", "ghcr.io", "me:pa:ss"},
      {"other registry", R"({"auths":{"ghcr.io":{"auth":")" + auth + R"("}}})", "quay.io", "none"},
      {"other port", R"({"auths":{"h:1":{"auth":")" + auth + R"("}}})", "h:2", "none"},
      {"a name that begins alike", R"({"auths":{"ghcr.i":{"auth":")" + auth + R"("}}})", "ghcr.io",
       "none"},
      {"username and password", R"({"auths":{"ghcr.io":{"username":"u","password":"p"}}})",
       "ghcr.io", "u:p"},
      {"URL as key", R"({"auths":{"https://ghcr.io/v2/":{"auth":")" + auth + R"("}}})", "ghcr.io",
       "me:pa:ss"},
      {"Docker Hub", R"({"auths":{"https://index.docker.io/v1/":{"auth":")" + auth + R"("}}})",
       "docker.io", "me:pa:ss"},
      {"the longest key",
       R"({"auths":{"ghcr.io":{"username":"u","password":"1"},"ghcr.io/acme":{"username":"u","password":"2"},)"
       R"("ghcr.io/ac":{"username":"u","password":"3"}}})",
       "ghcr.io", "u:2"},
      {"no more than the host of a URL",
       R"({"auths":{"https://ghcr.io/v2/other/thing":{"auth":")" + auth + R"("}}})", "ghcr.io",
       "me:pa:ss"},
      {"a host in capitals", R"({"auths":{"GHCR.io/acme":{"auth":")" + auth + R"("}}})", "Ghcr.IO",
       "me:pa:ss"},
      {"Docker Hub by its host", R"({"auths":{"registry-1.docker.io":{"auth":")" + auth + R"("}}})",
       "docker.io", "me:pa:ss"},
      {"Docker Hub by its URL",
       R"({"auths":{"https://registry-1.docker.io/v2/":{"auth":")" + auth + R"("}}})", "docker.io",
       "me:pa:ss"},
      {"lines in base64", R"({"auths":{"ghcr.io":{"auth":" bWU6\n cGE6\r\nc3M=\n"}}})", "ghcr.io",
       "me:pa:ss"},
      {"an empty entry before a good one",
       R"({"auths":{"ghcr.io/acme":{},"ghcr.io":{"auth":")" + auth + R"("}}})", "ghcr.io",
       "me:pa:ss"},
      {"no helper for this one",
       R"({"credsStore":"wasmctl-none","credHelpers":{"ghcr.io":""},"auths":{"ghcr.io":{"auth":")" +
           auth + R"("}}})",
       "ghcr.io", "me:pa:ss"},
      {"identity token", R"({"auths":{"ghcr.io":{"auth":")" + auth + R"(","identitytoken":"t"}}})",
       "ghcr.io", "identity:t"},
      {"registry token", R"({"auths":{"ghcr.io":{"registrytoken":"t"}}})", "ghcr.io", "registry:t"},
      {"padded with NULs",
       R"({"auths":{"ghcr.io":{"auth":")" + base::base64_encode(std::string("u:p\0\0", 5)) +
           R"("}}})",
       "ghcr.io", "u:p"},
      {"empty entry", R"({"auths":{"ghcr.io":{}}})", "ghcr.io", "none"},
      {"entry of the wrong type", R"({"auths":{"ghcr.io":1}})", "ghcr.io", "none"},
      {"auths of the wrong type", R"({"auths":1,"credHelpers":1,"credsStore":1})", "ghcr.io",
       "none"},
      {"empty file", "", "ghcr.io", "none"},
      {"no base64", R"({"auths":{"ghcr.io":{"auth":"!"}}})", "ghcr.io",
       "none | is not used for the login: an `auth` in it is no base64"},
      {"no JSON", "auths:", "ghcr.io", "none | is not used for the login: it is no JSON (byte 1)"},
      {"helper that is a path", R"({"credsStore":"../../bin/sh"})", "ghcr.io",
       "none | is not used for the login: `../../bin/sh` is no credential helper's name"},
      {"helper that is not there", R"({"credHelpers":{"ghcr.io":"wasmctl-none"}})", "ghcr.io",
       "none | is not used for the login: cannot run `docker-credential-wasmctl-none`: No such "
       "file "
       "or directory"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(find(c.config, c.registry) == c.want);
  }
}
