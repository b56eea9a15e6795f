#include "registry/credentials.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"

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

Environment environment(const std::map<std::string, std::string>& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto value = variables.find(name);
    return value == variables.end() ? std::nullopt : std::optional(value->second);
  };
}

// Every warning where the environment is this, and nobody is found.
std::vector<std::string> warnings(const std::map<std::string, std::string>& env) {
  std::vector<std::string> all;
  const auto found = find_credentials("ghcr.io", "acme/a", environment(env),
                                      [&](const std::string& warning) { all.push_back(warning); });
  CHECK_FALSE(found);
  return all;
}

// "user (from PLACE)", without the directory that all places are in; every warning after it.
std::string login(const std::map<std::string, std::string>& env, const std::string& directory) {
  std::string text;
  const auto found = find_credentials("ghcr.io", "acme/a", environment(env),
                                      [&](const std::string& warning) { text += " | " + warning; });
  auto source = found ? found->source : "";
  if (source.starts_with(directory)) source.erase(0, directory.size());
  return (found ? found->username + " from " + source : "none") + text;
}

std::string config_of(const std::string& user) {
  return R"({"auths":{"https://ghcr.io":{"username":")" + user + R"(","password":"s3cret"}}})";
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
      {"a URL in capitals", R"({"auths":{"HTTPS://GHCR.io/v2/":{"auth":")" + auth + R"("}}})",
       "ghcr.io", "me:pa:ss"},
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
       "none | is not used for the login: an `auth` in it is not base64"},
      {"no JSON", "auths:", "ghcr.io", "none | is not used for the login: it is no JSON (byte 1)"},
      {"helper that is a path", R"({"credsStore":"../../bin/sh"})", "ghcr.io",
       "none | is not used for the login: `../../bin/sh` is not a credential helper's name"},
      {"helper that is not there", R"({"credHelpers":{"ghcr.io":"wasmctl-none"}})", "ghcr.io",
       "none | is not used for the login: cannot run `docker-credential-wasmctl-none`: PATH has no "
       "such program that may be run; install it, or take it out of `credHelpers`: logins are then "
       "kept in the file itself"},
      {"a number out of range",
       R"({"x":1e400,"auths":{"ghcr.io":{"username":"u","password":"p"}}})", "ghcr.io",
       "none | is not used for the login: it has a number that no double can hold"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(find(c.config, c.registry) == c.want);
  }
}

TEST_CASE("find_credentials looks where docker and podman look, in their order") {
  const base::TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return (directory.path() / name).native(); };
  const auto put = [&](const std::string& name, const std::string& user) {
    base::make_directories((directory.path() / name).parent_path());
    base::write_file(at(name), config_of(user));
  };
  put("named.json", "named");
  put("docker/config.json", "docker");
  put("home/.docker/config.json", "home");
  put("run/containers/auth.json", "run");
  put("config/containers/auth.json", "config");
  put("podman/.config/containers/auth.json", "podman");
  const struct {
    const char* name;
    std::map<std::string, std::string> env;
    std::string want;
  } cases[] = {
      {"none", {}, "none"},
      {"REGISTRY_AUTH_FILE first",
       {{"REGISTRY_AUTH_FILE", at("named.json")}, {"DOCKER_AUTH_CONFIG", config_of("text")}},
       "named from /named.json"},
      {"DOCKER_AUTH_CONFIG before the file",
       {{"DOCKER_AUTH_CONFIG", config_of("text")}, {"DOCKER_CONFIG", at("docker")}},
       "text from $DOCKER_AUTH_CONFIG"},
      {"DOCKER_CONFIG in place of HOME",
       {{"DOCKER_CONFIG", at("docker")}, {"HOME", at("home")}},
       "docker from /docker/config.json"},
      {"HOME",
       {{"HOME", at("home")}, {"XDG_RUNTIME_DIR", at("run")}},
       "home from /home/.docker/config.json"},
      {"XDG_RUNTIME_DIR",
       {{"XDG_RUNTIME_DIR", at("run")}, {"XDG_CONFIG_HOME", at("config")}},
       "run from /run/containers/auth.json"},
      {"XDG_CONFIG_HOME in place of .config",
       {{"XDG_CONFIG_HOME", at("config")}, {"HOME", at("podman")}},
       "config from /config/containers/auth.json"},
      {"XDG_CONFIG_HOME that does not count",
       {{"XDG_CONFIG_HOME", "config"}, {"HOME", at("podman")}},
       "podman from /podman/.config/containers/auth.json"},
      {"DOCKER_AUTH_CONFIG without this registry",
       {{"DOCKER_AUTH_CONFIG", R"({"auths":{}})"}, {"DOCKER_CONFIG", at("docker")}},
       "docker from /docker/config.json"},
      {"what is wrong in DOCKER_AUTH_CONFIG is said without its text",
       {{"DOCKER_AUTH_CONFIG", "s3cret"}, {"DOCKER_CONFIG", at("docker")}},
       "docker from /docker/config.json | $DOCKER_AUTH_CONFIG is not used for the login: it is no "
       "JSON (byte 1)"},
      {"no helper is run for DOCKER_AUTH_CONFIG",
       {{"DOCKER_AUTH_CONFIG", R"({"credsStore":"s3cret"})"}},
       "none"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(login(c.env, directory.path().native()) == c.want);
  }
}

TEST_CASE("store_credentials keeps what is there, whoever else stores") {
  const base::TemporaryDirectory directory;
  const auto file = directory.path() / "real/config.json";
  base::make_directories(directory.path() / "real");
  base::make_directories(directory.path() / "linked");
  base::write_file(file, R"({"auths":{"old":{"auth":"bWU6cHc="}},"theirs":1})");
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  std::filesystem::create_symlink("../real/config.json", directory.path() / "linked/config.json");
  // Half of them by the link.
  base::for_each_at_once(16, 8, [&](std::size_t i) {
    const auto place = directory.path() / (i % 2 == 0 ? "real" : "linked");
    store_credentials("h" + std::to_string(i), {"me", "pw", {}, {}, {}},
                      environment({{"DOCKER_CONFIG", place.native()}}));
  });
  const auto config = nlohmann::json::parse(base::read_file(file, 10'000));
  CHECK(config["auths"].size() == 17);
  CHECK(config["theirs"] == 1);
  CHECK(std::filesystem::is_symlink(directory.path() / "linked/config.json"));
  CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0600));

  const auto env = environment({{"REGISTRY_AUTH_FILE", file.native()}});
  const auto said = [](const std::string& warning) { FAIL_CHECK(warning); };
  base::for_each_at_once(16, 8, [&](std::size_t i) {
    CHECK(erase_credentials("h" + std::to_string(i), env, said).places.size() == 1);
  });
  CHECK(nlohmann::json::parse(base::read_file(file, 10'000)) ==
        nlohmann::json::parse(R"({"auths":{"old":{"auth":"bWU6cHc="}},"theirs":1})"));
}

TEST_CASE("a helper that is not installed: who asks for it, and what to do") {
  const base::TemporaryDirectory directory;
  const auto file = (directory.path() / "config.json").native();
  for (const auto& [config, key] :
       {std::pair(R"({"credsStore":"wasmctl-none"})", "credsStore"),
        {R"({"credHelpers":{"ghcr.io":"wasmctl-none"}})", "credHelpers"}}) {
    CAPTURE(config);
    base::write_file(file, config);
    try {
      store_credentials("ghcr.io", {"me", "pw", {}, {}, {}},
                        environment({{"DOCKER_CONFIG", directory.path().native()}}));
      FAIL_CHECK("nothing thrown");
    } catch (const wasmctl::Error& error) {
      CHECK(error.code() == wasmctl::Code::tool_missing);
      CHECK(wasmctl::format_error(error) ==
            "error: cannot run `docker-credential-wasmctl-none`: PATH has no such program that may "
            "be run\n  caused by: `" +
                file + "` names it in `" + key + "`\nhint: install it, or take it out of `" + key +
                "`: logins are then kept in the file itself\n");
    }
    CHECK(base::read_file(file, 1000) == config);
  }
}

TEST_CASE("a login in DOCKER_AUTH_CONFIG stays, and that is said") {
  std::vector<std::string> said;
  const auto erased =
      erase_credentials("ghcr.io", environment({{"DOCKER_AUTH_CONFIG", config_of("me")}}),
                        [&](const std::string& warning) { said.push_back(warning); });
  CHECK(erased.places.empty());
  CHECK(said == std::vector<std::string>{
                    "$DOCKER_AUTH_CONFIG is passed over: the login in it stays until it is unset"});
}
