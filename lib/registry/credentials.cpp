#include "registry/credentials.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "oci/manifest.hpp"
#include "registry/refusal.hpp"

namespace wasmctl::registry {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A login is some hundred bytes; a helper may ask its user to unlock something first.
constexpr std::size_t kMaxHelperOutput = 1024 * 1024;
constexpr std::chrono::seconds kHelperTime{60};
const std::string kHelperPrefix = "docker-credential-";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr char kDockerHubKey[] = "https://index.docker.io/v1/";

constexpr char kAuthFileVariable[] = "REGISTRY_AUTH_FILE";
constexpr char kDockerVariable[] = "DOCKER_CONFIG";

struct ConfigFile {
  fs::path path;
  // Where it is not one of the usual places: the variable by which the user named it.
  std::string variable = {};
};

std::vector<ConfigFile> config_files(const Environment& env) {
  const auto value = [&](const char* name) { return env(name).value_or(""); };
  std::vector<ConfigFile> files;
  const auto add = [&](const std::string& directory, const char* file) {
    if (!directory.empty()) files.push_back({fs::path(directory) / file});
  };
  if (auto file = fs::path(value(kAuthFileVariable)); !file.empty()) {
    if (!file.has_filename()) file = file.parent_path();
    files.push_back({std::move(file), kAuthFileVariable});
  }
  const auto home = value("HOME");
  if (const auto docker = value(kDockerVariable); !docker.empty()) {
    files.push_back({fs::path(docker) / "config.json", kDockerVariable});
  } else {
    add(home, ".docker/config.json");
  }
  add(value("XDG_RUNTIME_DIR"), "containers/auth.json");
  add(home, ".config/containers/auth.json");
  return files;
}

// What is wrong about a file that is not there: nothing, unless the user named what does not exist.
std::optional<std::string> mistake(const ConfigFile& file) {
  const auto exists = [](const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
  };
  if (file.variable == kAuthFileVariable && !exists(file.path)) {
    return fmt::format("there is no such file, though ${} names it", file.variable);
  }
  // In a directory of docker's there need not be a config.
  const auto directory = file.path.parent_path();
  if (file.variable == kDockerVariable && !exists(directory)) {
    return fmt::format("there is no directory `{}`, though ${} names it", directory.native(),
                       file.variable);
  }
  return std::nullopt;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
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

bool is_docker_hub(std::string_view host) {
  return host == "index.docker.io" || host == "registry-1.docker.io";
}

// What a key of `auths` means: "https://ghcr.io/v2/" is ghcr.io. To docker and podman a URL is its
// host, whatever its path; without a scheme the path names repositories.
std::string plain_key(std::string key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.erase(0, scheme.size());
    key.resize(std::min(key.find('/'), key.size()));
  }
  while (key.ends_with('/')) key.pop_back();
  for (const std::string_view version : {"/v1", "/v2"}) {
    if (key.ends_with(version)) key.resize(key.size() - version.size());
  }
  key = with_lower_host(key);
  return is_docker_hub(key) ? "docker.io" : key;
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
  credentials.identity_token = text_of(entry, "identitytoken");
  credentials.registry_token = text_of(entry, "registrytoken");
  credentials.username = text_of(entry, "username");
  credentials.password = text_of(entry, "password");
  auto encoded = text_of(entry, "auth");
  std::erase_if(encoded, [](char c) { return kBlanks.find(c) != std::string_view::npos; });
  const auto auth = base::base64_decode(encoded);
  if (!auth) throw Error(Code::bad_input, "an `auth` in it is no base64");
  if (const auto colon = auth->find(':'); colon != std::string::npos) {
    credentials.username = auth->substr(0, colon);
    // Docker pads with NULs what it wrote long ago.
    credentials.password = auth->substr(colon + 1, auth->find('\0', colon) - colon - 1);
  }
  const bool useful = !credentials.username.empty() || !credentials.identity_token.empty() ||
                      !credentials.registry_token.empty();
  return useful ? std::optional(credentials) : std::nullopt;
}

// The name under which docker and its helpers know the registry.
std::string server_key(const std::string& registry) {
  return registry == "docker.io" ? std::string(kDockerHubKey) : registry;
}

// docker-credential-NAME ACTION. What it prints when it succeeds may not reach a message: it may be
// a secret.
base::Finished run_helper(const std::string& name, const char* action, std::string input) {
  const auto legal = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), legal)) {
    throw Error(Code::bad_input, fmt::format("`{}` is no credential helper's name", name));
  }
  base::Command command{{kHelperPrefix + name, action}, {}, std::move(input)};
  command.max_output = kMaxHelperOutput;
  command.time_limit = kHelperTime;
  return base::run(command);
}

// As JSON has it, and so what a helper was given.
std::string within_quotes(std::string_view text) {
  const auto quoted = json(std::string(text)).dump();
  return quoted.substr(1, quoted.size() - 2);
}

// The first line of what a helper that failed says about it, on standard output as the protocol has
// it, else on the other. Not what looks like a login, nor what repeats `secret`.
std::string reason_of(const base::Finished& done, std::string_view secret) {
  constexpr auto kNone = std::string_view::npos;
  for (const std::string_view text : {std::string_view(done.out), std::string_view(done.err)}) {
    const auto start = text.find_first_not_of(kBlanks);
    if (start == kNone) continue;
    const auto line = text.substr(start, text.find('\n', start) - start);
    const bool is_login = line.starts_with('{') || line.find("\"Secret\"") != kNone;
    const bool repeats = !secret.empty() &&
                         (line.find(secret) != kNone || line.find(within_quotes(secret)) != kNone);
    if (is_login || repeats) return "";
    return base::printable(line.substr(0, line.find_last_not_of(kBlanks) + 1), kMaxShown);
  }
  return "";
}

Error helper_failure(Code code, const std::string& name, const char* action,
                     const base::Finished& done, std::string_view secret = {}) {
  auto message = fmt::format("`{}{} {}` failed", kHelperPrefix, name, action);
  if (const auto reason = reason_of(done, secret); !reason.empty()) message += ": " + reason;
  return {code, message};
}

std::optional<Credentials> from_helper(const std::string& name, const std::string& registry) {
  const auto program = kHelperPrefix + name;
  const auto done = run_helper(name, "get", server_key(registry) + "\n");
  if (done.status != 0) {
    if (done.out.find("credentials not found") != std::string::npos) return std::nullopt;
    throw helper_failure(Code::bad_input, name, "get", done);
  }
  json answer;
  try {
    answer = oci::parse_json(done.out, program);
  } catch (const Error&) {
    answer = nullptr;
  }
  if (!answer.is_object()) {
    throw Error(Code::bad_input,
                fmt::format("`{} get` answered with something that is no JSON", program));
  }
  Credentials credentials;
  credentials.source = program;
  credentials.username = text_of(answer, "Username");
  credentials.password = text_of(answer, "Secret");
  if (credentials.username == "<token>") {
    credentials.username.clear();
    std::swap(credentials.identity_token, credentials.password);
  }
  // Some helpers say so that they know nobody.
  if (credentials.username.empty() && credentials.password.empty() &&
      credentials.identity_token.empty()) {
    return std::nullopt;
  }
  return credentials;
}

void store_in_helper(const std::string& name, const std::string& registry,
                     const Credentials& credentials) {
  const auto program = kHelperPrefix + name;
  std::string secret;
  try {
    secret = json{{"ServerURL", server_key(registry)},
                  {"Username", credentials.username},
                  {"Secret", credentials.password}}
                 .dump();
  } catch (const json::exception&) {  // which quotes the secret
    throw Error(Code::bad_input,
                fmt::format("`{}` cannot keep a user or password that is no UTF-8", program))
        .hint(fmt::format("keep it in the file: \"credHelpers\": {{\"{}\": \"\"}} in docker's "
                          "config.json",
                          registry));
  }
  const auto done = run_helper(name, "store", std::move(secret));
  if (done.status != 0) {
    throw helper_failure(Code::io, name, "store", done, credentials.password);
  }
}

// True if there was something to erase.
bool erase_from_helper(const std::string& name, const std::string& registry) {
  if (!from_helper(name, registry)) return false;
  const auto done = run_helper(name, "erase", server_key(registry));
  if (done.status != 0) throw helper_failure(Code::io, name, "erase", done);
  return true;
}

// The helpers that a config names for the registry, the one that is asked first at the front. The
// name "" keeps a registry in the file, though others go to the store.
std::vector<std::string> helpers_of(const json& config, const std::string& registry) {
  std::vector<std::string> names;
  const auto own = find_entries(object_of(config, "credHelpers"), registry, "");
  if (!own.empty() && own.front()->is_string()) names.push_back(own.front()->get<std::string>());
  if (!names.empty() && names.front().empty()) return {};
  if (const auto store = text_of(config, "credsStore"); !store.empty()) names.push_back(store);
  return names;
}

std::optional<Credentials> from_config(const json& config, const std::string& registry,
                                       const std::string& repository) {
  for (const auto& helper : helpers_of(config, registry)) {
    if (auto found = from_helper(helper, registry)) return found;
  }
  for (const auto* entry : find_entries(object_of(config, "auths"), registry, repository)) {
    if (auto found = from_entry(*entry)) return found;
  }
  return std::nullopt;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlanks) == std::string_view::npos;
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

// The whole file, every field of it; empty if there is none.
json read_config(const fs::path& file) {
  const auto text = read_if_there(file).value_or("");
  if (is_blank(text)) return json::object();
  auto config = oci::parse_json(text, fmt::format("`{}`", file.native()));
  if (!config.is_object()) {
    throw Error(Code::bad_input, fmt::format("`{}` is no JSON object", file.native()));
  }
  return config;
}

// A new file is for its owner alone from its first byte.
void write_config(const fs::path& file, const json& config) {
  base::make_directories(file.parent_path());
  const auto before = ::umask(0077);
  try {
    base::write_file(file, config.dump(2) + "\n");
  } catch (...) {
    ::umask(before);
    throw;
  }
  ::umask(before);
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

}  // namespace

std::string store_credentials(const std::string& registry, const Credentials& credentials,
                              const Environment& env) {
  const auto files = config_files(env);
  if (files.empty()) {
    throw Error(Code::io, "there is no place for the login: neither HOME nor DOCKER_CONFIG is set");
  }
  const auto& file = files.front().path;
  auto config = read_config(file);
  if (const auto helpers = helpers_of(config, registry); !helpers.empty()) {
    store_in_helper(helpers.front(), registry, credentials);
    return kHelperPrefix + helpers.front();
  }
  erase_auths(config, registry);
  if (!config["auths"].is_object()) config["auths"] = json::object();
  config["auths"][server_key(registry)] = {
      {"auth", base::base64_encode(credentials.username + ":" + credentials.password)}};
  write_config(file, config);
  return file.native();
}

Erased erase_credentials(const std::string& registry, const Environment& env, const Warn& warn) {
  Erased erased;
  // What one place does must not keep the secret in another.
  const auto attempt = [&](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      if (!erased.failure) erased.failure = error;
    }
  };
  for (const auto& place : config_files(env)) {
    const auto& file = place.path;
    json config;
    try {
      config = read_config(file);
      if (const auto wrong = mistake(place)) {
        warn(fmt::format("`{}` is passed over: {}", file.native(), *wrong));
      }
    } catch (const Error& error) {
      warn(fmt::format("`{}` is passed over: a login in it stays: {}", file.native(),
                       error.message()));
      continue;
    }
    attempt([&] {
      if (!erase_auths(config, registry)) return;
      write_config(file, config);
      erased.places.push_back(file.native());
    });
    for (const auto& helper : helpers_of(config, registry)) {
      attempt([&] {
        if (erase_from_helper(helper, registry)) erased.places.push_back(kHelperPrefix + helper);
      });
    }
  }
  return erased;
}

std::string Credentials::describe() const {
  if (!username.empty()) return fmt::format("user `{}` (from {})", username, source);
  return fmt::format("the holder of a token (from {})", source);
}

std::optional<Credentials> find_credentials(const std::string& registry,
                                            const std::string& repository, const Environment& env,
                                            const Warn& warn) {
  for (const auto& file : config_files(env)) {
    const auto not_used = [&](const std::string& why) {
      warn(fmt::format("`{}` is not used for the login: {}", file.path.native(), why));
    };
    try {
      const auto text = read_if_there(file.path);
      if (!text) {
        if (const auto wrong = mistake(file)) not_used(*wrong);
        continue;
      }
      if (is_blank(*text)) continue;  // no login
      const auto config = oci::parse_json(*text, "it");
      if (!config.is_object()) throw Error(Code::bad_input, "it is no JSON object");
      auto found = from_config(config, registry, repository);
      if (!found) continue;
      if (found->source.empty()) found->source = file.path.native();
      return found;
    } catch (const Error& error) {
      not_used(error.message());
    }
  }
  return std::nullopt;
}

}  // namespace wasmctl::registry
