#include "oci/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace wasmctl::oci {

namespace {

constexpr std::string_view kLayoutScheme = "oci:";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

constexpr char kForm[] =
    "an image is REGISTRY/REPOSITORY[:TAG][@DIGEST], as in "
    "ghcr.io/acme/header-logger:v1, or oci:DIR[:TAG] on disk";

bool contains(std::string_view set, char c) {
  return set.find(c) != std::string_view::npos;
}
bool is_lower_or_digit(char c) {
  return contains(kLower, c) || contains(kDigits, c);
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || contains(kUpper, c);
}

[[noreturn]] void refuse_reference(const std::string& message) {
  throw Error(Code::usage, message).hint(kForm);
}

// Cuts "@DIGEST" off the end of `text`; an @ before a slash belongs to a directory.
std::optional<Digest> take_digest(std::string_view& text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto digest = text.substr(at + 1);
  if (contains(digest, '/')) return std::nullopt;
  text = text.substr(0, at);
  try {
    return Digest::parse(digest);
  } catch (const Error& error) {
    refuse_reference(error.message());
  }
}

// Cuts ":TAG" off the end of `text`; a colon before a slash belongs to a port or a directory.
std::optional<std::string> take_tag(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto tag = text.substr(colon + 1);
  if (contains(tag, '/')) return std::nullopt;
  if (tag.empty())
    refuse_reference(fmt::format("`{}` ends with a colon, but no tag follows", text));
  if (!is_tag(tag)) {
    refuse_reference(
        fmt::format("tag `{}` is not 1 to 128 letters, digits, `_`, `.` or `-`, the first no "
                    "`.` or `-`",
                    tag.substr(0, 200)));
  }
  text = text.substr(0, colon);
  return std::string(tag);
}

// A host name, IPv4 or [IPv6] address, with or without a port.
void check_registry(std::string_view registry) {
  auto host = registry;
  const auto at = registry.rfind('@');
  if (at != std::string_view::npos && contains(registry.substr(0, at), ':')) {
    host.remove_prefix(at + 1);
    throw Error(Code::usage, fmt::format("registry `{}` is named with a user and a password", host))
        .hint(fmt::format("log in, and leave them out: `wasmctl login {}`", host));
  }
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    const auto port = host.substr(colon + 1);
    host = host.substr(0, colon);
    const bool digits = port.find_first_not_of(kDigits) == std::string_view::npos;
    if (port.empty() || port.size() > 5 || !digits || std::stoi(std::string(port)) > 65535) {
      refuse_reference(
          fmt::format("registry `{}` has a port that is not a number up to 65535", registry));
    }
  }
  const bool ipv6 = host.starts_with('[') && host.ends_with(']');
  if (ipv6) host = host.substr(1, host.size() - 2);
  const auto legal = [ipv6](char c) {
    return ipv6 ? contains("0123456789abcdefABCDEF:.", c)
                : is_alphanumeric(c) || c == '.' || c == '-';
  };
  const bool starts_well = ipv6 || (!host.empty() && is_alphanumeric(host[0]));
  if (host.empty() || !starts_well || !std::all_of(host.begin(), host.end(), legal)) {
    refuse_reference(fmt::format("registry `{}` is not a host name", registry));
  }
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*, the rule for one word of a repository's name.
bool is_path_component(std::string_view word) {
  if (word.empty() || !is_lower_or_digit(word.front()) || !is_lower_or_digit(word.back())) {
    return false;
  }
  while (!word.empty()) {
    const auto letters = std::find_if_not(word.begin(), word.end(), is_lower_or_digit);
    word.remove_prefix(static_cast<std::size_t>(letters - word.begin()));
    const auto separator = word.substr(
        0, static_cast<std::size_t>(std::find_if(word.begin(), word.end(), is_lower_or_digit) -
                                    word.begin()));
    const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
    word.remove_prefix(separator.size());
  }
  return true;
}

void check_repository(std::string_view repository) {
  const auto shown = repository.substr(0, 300);
  if (repository.find_first_of(kUpper) != std::string_view::npos) {
    refuse_reference(fmt::format("repository `{}` has an upper-case letter", shown));
  }
  if (repository.size() < 2 || repository.size() > 255) {
    refuse_reference(fmt::format("repository `{}` has {} characters: 2 to 255 are what Istio takes",
                                 shown, repository.size()));
  }
  for (std::size_t start = 0; start <= repository.size();) {
    const auto end = std::min(repository.find('/', start), repository.size());
    const auto word = repository.substr(start, end - start);
    if (!is_path_component(word)) {
      refuse_reference(
          fmt::format("repository `{}` has the part `{}`, which is not lower-case letters and "
                      "digits joined by `.`, `_`, `__` or `-`",
                      shown, word.substr(0, 200)));
    }
    start = end + 1;
  }
}

std::string one_name(std::string_view registry) {
  return std::string(is_docker_hub(registry) ? kDockerHub : registry);
}

// "https://ghcr.io" is how a browser has it.
void refuse_scheme(std::string_view what, std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return;
  const auto shown = base::without_logins(std::string(text.substr(0, 300)));
  throw Error(Code::usage, fmt::format("{} `{}` has a scheme", what, shown))
      .hint(fmt::format("leave `{}` out", text.substr(0, std::min<std::size_t>(scheme + 3, 50))));
}

bool is_directory(std::string_view path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

// podman and skopeo name images in layouts as they name them elsewhere, with slashes and colons:
// "localhost/acme/f:v1". Such a name can be told from a part of the directory's only where the
// directory is there. Null: it is none.
std::optional<Reference> parse_named_in_layout(std::string_view text) {
  constexpr std::string_view kOthers = "-._:@/+";  // image-spec, annotations.md
  const auto legal = [&](char c) { return is_alphanumeric(c) || contains(kOthers, c); };
  for (auto colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    auto name = text.substr(colon + 1);
    if (name.empty() || !std::ranges::all_of(name, legal)) continue;
    if (!is_directory(text.substr(0, colon))) continue;
    Reference reference;
    reference.directory = text.substr(0, colon);
    const auto at = name.rfind("@sha256:");
    if (at != std::string_view::npos && at > 0) reference.digest = take_digest(name);
    reference.tag = name;
    return reference;
  }
  return std::nullopt;
}

// DIR[:TAG][@DIGEST]
Reference parse_tagged_layout(std::string_view text) {
  Reference reference;
  reference.digest = take_digest(text);
  reference.tag = take_tag(text);
  if (text.empty()) refuse_reference("`oci:` names no directory");
  reference.directory = text;
  return reference;
}

Reference parse_layout(std::string_view text) {
  std::optional<Reference> reference;
  std::optional<Error> failure;
  try {
    reference = parse_tagged_layout(text);
  } catch (const Error& error) {
    failure = error;
  }
  if (reference && is_directory(reference->directory.native())) return *std::move(reference);
  if (auto named = parse_named_in_layout(text)) return *std::move(named);
  if (failure) throw Error(*failure);
  return *std::move(reference);
}

}  // namespace

bool is_registry_name(std::string_view word) {
  return word == "localhost" || word.find_first_of(".:") != std::string_view::npos;
}

bool is_docker_hub(std::string_view registry) {
  return registry == kDockerHub || registry == "index.docker.io" ||
         registry == "registry-1.docker.io";
}

std::string api_host(const std::string& registry) {
  return registry == kDockerHub ? "registry-1.docker.io" : registry;
}

std::string docker_config_key(const std::string& registry) {
  return registry == kDockerHub ? "https://index.docker.io/v1/" : registry;
}

bool is_tag(std::string_view text) {
  constexpr std::size_t kMaxLength = 128;
  const auto legal = [](char c) { return is_alphanumeric(c) || contains("_.-", c); };
  return !text.empty() && text.size() <= kMaxLength && text[0] != '.' && text[0] != '-' &&
         std::all_of(text.begin(), text.end(), legal);
}

Reference parse_reference(std::string_view text) {
  if (text.starts_with(kLayoutScheme) && !text.starts_with("oci://")) {
    return parse_layout(text.substr(kLayoutScheme.size()));
  }
  refuse_scheme("image", text);
  auto rest = text;
  Reference reference;
  reference.digest = take_digest(rest);
  reference.tag = take_tag(rest);
  const auto slash = rest.find('/');
  const auto registry = rest.substr(0, slash);
  if (slash == std::string_view::npos || !is_registry_name(registry)) {
    throw Error(Code::usage, fmt::format("image `{}` names no registry", text.substr(0, 300)))
        .hint(kForm)
        .hint(fmt::format("an image of Docker Hub is {}/{}{}", kDockerHub,
                          slash == std::string_view::npos ? "library/" : "", text.substr(0, 300)));
  }
  check_registry(registry);
  reference.registry = registry;
  reference.repository = rest.substr(slash + 1);
  check_repository(reference.repository);
  reference.registry = one_name(reference.registry);
  if (reference.registry == kDockerHub && !contains(reference.repository, '/')) {
    reference.repository = "library/" + reference.repository;
  }
  return reference;
}

Reference parse_image_name(std::string_view text) {
  const auto slash = text.find('/');
  const bool has_registry =
      slash != std::string_view::npos && is_registry_name(text.substr(0, slash));
  return parse_reference(has_registry ? std::string(text) : fmt::format("{}/{}", kDockerHub, text));
}

std::string parse_registry(std::string_view text) {
  refuse_scheme("registry", text);
  const auto host = text.substr(0, text.find('/'));
  if (host.size() < text.size() && is_registry_name(host)) {
    throw Error(Code::usage, fmt::format("`{}` is more than a registry", text.substr(0, 300)))
        .hint(fmt::format("a login is for a whole registry: `{}`", host.substr(0, 300)));
  }
  if (!is_registry_name(text) || contains(text, '/')) {
    throw Error(Code::usage, fmt::format("`{}` is not a registry", text.substr(0, 300)))
        .hint("a registry is a host name with a dot or a port, as in ghcr.io or localhost:5000");
  }
  check_registry(text);
  return one_name(text);
}

std::string to_string(const Reference& reference) {
  std::string text = reference.is_layout()
                         ? std::string(kLayoutScheme) + reference.directory.native()
                         : reference.registry + "/" + reference.repository;
  if (reference.tag) text += ":" + *reference.tag;
  if (reference.digest) text += "@" + reference.digest->text();
  return text;
}

Reference pinned(Reference reference, const Digest& digest) {
  reference.digest = digest;
  return reference;
}

Selector pinned(Selector selector, const Digest& digest) {
  selector.digest = digest;
  return selector;
}

Selector by_digest(const Digest& digest) {
  return {std::nullopt, digest};
}

std::string tag_or_digest(const Selector& selector) {
  return selector.digest ? selector.digest->text() : selector.tag.value_or("latest");
}

std::optional<std::string> tag_to_set(const Selector& selector) {
  if (selector.tag || selector.digest) return selector.tag;
  return "latest";
}

}  // namespace wasmctl::oci
