#include "registry/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/json_member.hpp"
#include "base/text.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"
#include "registry/credential_helper.hpp"

namespace wasmctl::registry {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kAuthFileVariable[] = "REGISTRY_AUTH_FILE";
constexpr char kDockerVariable[] = "DOCKER_CONFIG";
constexpr char kTextVariable[] = "DOCKER_AUTH_CONFIG";

// Where logins are.
struct Place {
  fs::path file;  // empty: in the text of kTextVariable
  // Where it is not one of the usual files: the variable by which the user named it.
  std::string variable = {};

  // For messages.
  std::string name() const {
    return file.empty() ? fmt::format("${}", kTextVariable) : fmt::format("`{}`", file.native());
  }
};

std::vector<Place> login_places(const Environment& env) {
  const auto value = [&](const char* name) { return env(name).value_or(""); };
  std::vector<Place> all;
  const auto add = [&](const std::string& directory, const char* file) {
    if (!directory.empty()) all.push_back({fs::path(directory) / file});
  };
  if (auto file = fs::path(value(kAuthFileVariable)); !file.empty()) {
    if (!file.has_filename()) file = file.parent_path();
    all.push_back({std::move(file), kAuthFileVariable});
  }
  if (!value(kTextVariable).empty()) all.push_back({{}, kTextVariable});
  const auto home = value("HOME");
  if (const auto docker = value(kDockerVariable); !docker.empty()) {
    all.push_back({fs::path(docker) / "config.json", kDockerVariable});
  } else {
    add(home, ".docker/config.json");
  }
  add(value("XDG_RUNTIME_DIR"), "containers/auth.json");
  if (const auto config = value("XDG_CONFIG_HOME"); fs::path(config).is_absolute()) {
    add(config, "containers/auth.json");
  } else {
    add(home, ".config/containers/auth.json");
  }
  return all;
}

// What is wrong about a file that is not there: nothing, unless the user named what does not exist.
std::optional<std::string> mistake(const Place& place) {
  const auto exists = [](const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
  };
  if (place.variable == kAuthFileVariable && !exists(place.file)) {
    return fmt::format("there is no such file, though ${} names it", place.variable);
  }
  // In a directory of docker's there need not be a config.
  const auto directory = place.file.parent_path();
  if (place.variable == kDockerVariable && !exists(directory)) {
    return fmt::format("there is no directory `{}`, though ${} names it", directory.native(),
                       place.variable);
  }
  return std::nullopt;
}

const json& object_of(const json& config, const char* key) {
  static const json empty = json::object();
  const auto found = config.find(key);
  return found != config.end() && found->is_object() ? *found : empty;
}

// A host's case means nothing.
std::string with_lower_host(const std::string& name) {
  const auto end = std::min(name.find('/'), name.size());
  return base::lower(name.substr(0, end)) + name.substr(end);
}

// What a key of `auths` means: "https://ghcr.io/v2/" is ghcr.io. To docker and podman a URL is its
// host, whatever its path; without a scheme the path names repositories.
std::string plain_key(std::string key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!base::lower(key.substr(0, scheme.size())).starts_with(scheme)) continue;
    key.erase(0, scheme.size());
    key.resize(std::min(key.find('/'), key.size()));
    break;
  }
  while (key.ends_with('/')) key.pop_back();
  for (const std::string_view version : {"/v1", "/v2"}) {
    if (key.ends_with(version)) key.erase(key.size() - version.size());
  }
  key = with_lower_host(key);
  return oci::is_docker_hub(key) ? std::string(oci::kDockerHub) : key;
}

// The values whose keys name registry/repository or a part of it, the longest first.
std::vector<const json*> find_entries(const json& entries, const std::string& registry,
                                      const std::string& repository) {
  const auto full = with_lower_host(registry + "/" + repository + "/");
  std::multimap<std::size_t, const json*, std::greater<>> found;  // by the size of the key
  for (const auto& [key, value] : entries.items()) {
    const auto plain = plain_key(key) + "/";
    if (plain.size() > registry.size() && full.starts_with(plain)) {
      found.emplace(plain.size(), &value);
    }
  }
  std::vector<const json*> values;
  values.reserve(found.size());
  for (const auto& [size, value] : found) values.push_back(value);
  return values;
}

std::optional<Credentials> from_entry(const json& entry) {
  if (!entry.is_object()) return std::nullopt;
  Credentials credentials;
  credentials.identity_token = base::text_member(entry, "identitytoken");
  credentials.registry_token = base::text_member(entry, "registrytoken");
  credentials.username = base::text_member(entry, "username");
  credentials.password = base::text_member(entry, "password");
  auto encoded = base::text_member(entry, "auth");
  std::erase_if(encoded, [](char c) { return base::trimmed({&c, 1}).empty(); });
  const auto auth = base::base64_decode(encoded);
  if (!auth) throw Error(Code::bad_input, "an `auth` in it is not base64");
  if (const auto colon = auth->find(':'); colon != std::string::npos) {
    credentials.username = auth->substr(0, colon);
    // Docker pads with NULs what it wrote long ago.
    credentials.password = auth->substr(colon + 1, auth->find('\0', colon) - colon - 1);
  }
  const bool useful = !credentials.username.empty() || !credentials.identity_token.empty() ||
                      !credentials.registry_token.empty();
  return useful ? std::optional(credentials) : std::nullopt;
}

// The helpers that a config names for the registry, the one that is asked first at the front. The
// name "" keeps a registry in the file, though others go to the store.
std::vector<CredentialHelper> helpers_of(const json& config, const Place& place,
                                         const std::string& registry) {
  // None of a variable's, as docker has it: what a program's name is there could be a secret.
  if (place.file.empty()) return {};
  std::vector<CredentialHelper> helpers;
  const auto own = find_entries(object_of(config, "credHelpers"), registry, "");
  if (!own.empty() && own.front()->is_string()) {
    helpers.push_back({own.front()->get<std::string>(), "credHelpers", place.file});
  }
  if (!helpers.empty() && helpers.front().name.empty()) return {};
  if (const auto store = base::text_member(config, "credsStore"); !store.empty()) {
    helpers.push_back({store, "credsStore", place.file});
  }
  return helpers;
}

std::optional<Credentials> from_auths(const json& config, const std::string& registry,
                                      const std::string& repository) {
  for (const auto* entry : find_entries(object_of(config, "auths"), registry, repository)) {
    if (auto found = from_entry(*entry)) return found;
  }
  return std::nullopt;
}

// The text of a file; null if there is none. Throws Error{Code::io} or {not_found} where there may
// be one, but it cannot be read: a directory is closed to us, or is no directory.
std::optional<std::string> read_if_there(const fs::path& file) {
  try {
    return base::read_file(file, oci::kMaxManifestBytes);
  } catch (const Error& error) {
    std::error_code why;
    static_cast<void>(fs::status(file, why));
    if (why == std::errc::no_such_file_or_directory) return std::nullopt;
    throw;
  }
}

// The whole config, every field of it; empty if there is none. Errors call it `what`, and hold
// nothing of its text.
json read_config(const Place& place, const Environment& env, const std::string& what) {
  const auto text = place.file.empty() ? env(kTextVariable) : read_if_there(place.file);
  if (!text || base::trimmed(*text).empty()) return json::object();
  auto config = oci::parse_json(*text, what);
  if (!config.is_object()) throw Error(Code::bad_input, fmt::format("{} is no JSON object", what));
  return config;
}

// A config is read, changed and written: what another process does to it meanwhile would be lost.
// Where a link leads elsewhere, all that lead there lock the directory of the file itself.
base::FileLock lock_config(const fs::path& file) {
  std::error_code ignored;
  auto real = fs::weakly_canonical(file, ignored);
  if (real.empty()) real = file;
  base::make_directories(real.parent_path());
  return base::FileLock(real.has_parent_path() ? real.parent_path() : fs::path("."));
}

// Removes every key of `auths` that means the registry; true if there was one.
bool erase_auths(json& config, const std::string& registry) {
  const auto auths = config.find("auths");
  if (auths == config.end() || !auths->is_object()) return false;
  bool erased = false;
  for (auto entry = auths->begin(); entry != auths->end();) {
    if (plain_key(entry.key()) == with_lower_host(registry)) {
      entry = auths->erase(entry);
      erased = true;
    } else {
      ++entry;
    }
  }
  return erased;
}

void store_in_file(const Place& place, const std::string& registry, const Credentials& credentials,
                   const Environment& env) {
  const auto lock = lock_config(place.file);
  auto config = read_config(place, env, place.name());
  erase_auths(config, registry);
  if (!config["auths"].is_object()) config["auths"] = json::object();
  config["auths"][oci::docker_config_key(registry)] = {
      {"auth", base::base64_encode(credentials.username + ":" + credentials.password)}};
  base::write_secret_file(place.file, config.dump(2) + "\n");
}

// True if there was something to erase.
bool erase_from_file(const Place& place, const std::string& registry, const Environment& env) {
  const auto lock = lock_config(place.file);
  auto config = read_config(place, env, place.name());
  if (!erase_auths(config, registry)) return false;
  base::write_file(place.file, config.dump(2) + "\n");
  return true;
}

// From one place, with the helpers that it names.
std::optional<Credentials> find_at(const Place& place, const std::string& registry,
                                   const std::string& repository, const Environment& env) {
  const auto config = read_config(place, env, "it");
  std::optional<Credentials> found;
  for (const auto& helper : helpers_of(config, place, registry)) {
    if (!found) found = ask_helper(helper, registry);
  }
  if (!found) found = from_auths(config, registry, repository);
  if (found && found->source.empty()) {
    found->source = place.file.empty() ? place.name() : place.file.native();
  }
  return found;
}

}  // namespace

std::string store_credentials(const std::string& registry, const Credentials& credentials,
                              const Environment& env) {
  const auto all = login_places(env);
  const auto place =
      std::ranges::find_if(all, [](const Place& each) { return !each.file.empty(); });
  if (place == all.end()) {
    throw Error(Code::io, "there is no place for the login: neither HOME nor DOCKER_CONFIG is set");
  }
  const auto config = read_config(*place, env, place->name());
  if (const auto helpers = helpers_of(config, *place, registry); !helpers.empty()) {
    store_in_helper(helpers.front(), registry, credentials);
    return helpers.front().program();
  }
  store_in_file(*place, registry, credentials, env);
  return place->file.native();
}

Erased erase_credentials(const std::string& registry, const Environment& env, const Warn& warn) {
  Erased erased;
  // What one place does must not keep the secret in another.
  const auto attempt = [&](const std::string& name, const auto& erase) {
    try {
      if (erase()) erased.places.push_back(name);
    } catch (const Error& error) {
      if (!erased.failure) erased.failure = error;
    }
  };
  for (const auto& place : login_places(env)) {
    const auto passed_over = [&](const std::string& why) {
      warn(fmt::format("{} is passed over: {}", place.name(), why));
    };
    json config;
    try {
      config = read_config(place, env, place.name());
    } catch (const Error& error) {
      passed_over("a login in it stays: " + error.message());
      continue;
    }
    if (const auto wrong = mistake(place)) passed_over(*wrong);
    if (place.file.empty()) {
      if (erase_auths(config, registry)) passed_over("the login in it stays until it is unset");
      continue;
    }
    if (erase_auths(config, registry)) {
      attempt(place.file.native(), [&] { return erase_from_file(place, registry, env); });
    }
    for (const auto& helper : helpers_of(config, place, registry)) {
      attempt(helper.program(), [&] { return erase_from_helper(helper, registry); });
    }
  }
  return erased;
}

std::vector<CredentialHelper> named_helpers(const Environment& env, const Warn& warn) {
  std::vector<CredentialHelper> helpers;
  const auto add = [&](std::string name, const char* key, const Place& place) {
    if (name.empty() || std::ranges::find(helpers, name, &CredentialHelper::name) != helpers.end())
      return;
    helpers.push_back({std::move(name), key, place.file});
  };
  for (const auto& place : login_places(env)) {
    if (place.file.empty()) continue;  // of a variable's text only logins count
    try {
      const auto config = read_config(place, env, place.name());
      for (const auto& [registry, name] : object_of(config, "credHelpers").items()) {
        if (name.is_string()) add(name.get<std::string>(), "credHelpers", place);
      }
      add(base::text_member(config, "credsStore"), "credsStore", place);
    } catch (const Error& error) {
      warn(error.message());
    }
  }
  return helpers;
}

std::string Credentials::describe() const {
  if (!username.empty()) return fmt::format("user `{}` (from {})", username, source);
  return fmt::format("the holder of a token (from {})", source);
}

std::optional<Credentials> find_credentials(const std::string& registry,
                                            const std::string& repository, const Environment& env,
                                            const Warn& warn) {
  for (const auto& place : login_places(env)) {
    const auto not_used = [&](const std::string& why) {
      warn(fmt::format("{} is not used for the login: {}", place.name(), why));
    };
    try {
      if (auto found = find_at(place, registry, repository, env)) return found;
      if (const auto wrong = mistake(place)) not_used(*wrong);
    } catch (const Error& error) {
      not_used(fmt::format("{}{}{}", error.message(), error.hints().empty() ? "" : "; ",
                           fmt::join(error.hints(), "; ")));
    }
  }
  return std::nullopt;
}

}  // namespace wasmctl::registry
