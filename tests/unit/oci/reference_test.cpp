#include "oci/reference.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/error.hpp"
#include "base/files.hpp"

using wasmctl::Code;
using wasmctl::Error;
using wasmctl::oci::Digest;
using wasmctl::oci::parse_reference;
using wasmctl::oci::Reference;

namespace {

const Digest kDigest = Digest::of("{}");
const std::string kAtDigest = "@" + kDigest.text();

Reference image(std::string registry, std::string repository, std::optional<std::string> tag = {},
                std::optional<Digest> digest = {}) {
  return {{std::move(tag), std::move(digest)}, std::move(registry), std::move(repository), {}};
}

Reference layout(std::string directory, std::optional<std::string> tag = {},
                 std::optional<Digest> digest = {}) {
  return {{std::move(tag), std::move(digest)}, {}, {}, std::move(directory)};
}

}  // namespace

TEST_CASE("parse_reference") {
  const struct {
    const char* name;
    std::string text;
    Reference want;
  } cases[] = {
      {"tag", "ghcr.io/acme/a1:v1", image("ghcr.io", "acme/a1", "v1")},
      {"port is no tag", "localhost:5000/a1", image("localhost:5000", "a1")},
      {"port and tag", "localhost:5000/a1:v1", image("localhost:5000", "a1", "v1")},
      {"localhost without a port", "localhost/a1", image("localhost", "a1")},
      {"digest", "ghcr.io/acme/a1" + kAtDigest, image("ghcr.io", "acme/a1", {}, kDigest)},
      {"tag and digest", "ghcr.io/acme/a1:v1" + kAtDigest,
       image("ghcr.io", "acme/a1", "v1", kDigest)},
      {"IPv4", "127.0.0.1:5000/a1:v1", image("127.0.0.1:5000", "a1", "v1")},
      {"IPv6", "[::1]:5000/a1:v1", image("[::1]:5000", "a1", "v1")},
      {"IPv6 without a port", "[::1]/a1", image("[::1]", "a1")},
      {"separators", "ghcr.io/a.b/c_d/e__f/g---h", image("ghcr.io", "a.b/c_d/e__f/g---h")},
      {"tag of all kinds", "ghcr.io/a1:_A.b-C", image("ghcr.io", "a1", "_A.b-C")},
      {"Docker Hub", "docker.io/acme/a1", image("docker.io", "acme/a1")},
      {"Docker Hub's library", "docker.io/library/a1", image("docker.io", "library/a1")},
      {"layout", "oci:dir", layout("dir")},
      {"layout, tag", "oci:/tmp/dir:v1", layout("/tmp/dir", "v1")},
      {"layout, tag and digest", "oci:dir:v1" + kAtDigest, layout("dir", "v1", kDigest)},
      {"layout, colon in the path", "oci:/tmp/a:b/c", layout("/tmp/a:b/c")},
      {"layout, at in the path", "oci:/tmp/a@b/c:v1", layout("/tmp/a@b/c", "v1")},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(parse_reference(c.text) == c.want);
    CHECK(to_string(c.want) == c.text);  // what is printed parses back
  }
}

TEST_CASE("names that podman and skopeo give in layouts") {
  const wasmctl::base::TemporaryDirectory temporary;
  const auto there = temporary.path().native();
  const auto odd = there + ":v1";  // a directory with a colon in its path
  wasmctl::base::make_directories(odd);
  const struct {
    const char* name;
    std::string text;
    Reference want;
  } cases[] = {
      {"a name", there + ":localhost/acme/f:v1", layout(there, "localhost/acme/f:v1")},
      {"with a plus", there + ":v1+2", layout(there, "v1+2")},
      {"with a digest", there + ":acme/f" + kAtDigest, layout(there, "acme/f", kDigest)},
      {"with a digest of no length", there + ":acme/f@v1", layout(there, "acme/f@v1")},
      {"a tag", there + ":v2", layout(there, "v2")},
      {"a tag, though there is a directory of that name", odd, layout(there, "v1")},
      {"a colon in the path, and a tag", odd + ":v2", layout(odd, "v2")},
      {"a directory below", there + "/none:a/b:v1", layout(there + "/none:a/b", "v1")},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(parse_reference("oci:" + c.text) == c.want);
    CHECK(to_string(c.want) == "oci:" + c.text);
  }
  CHECK_THROWS_AS(parse_reference("oci:none:v1+2"), Error);
}

TEST_CASE("a name without a registry is one of Docker Hub, as docker reads it") {
  const std::pair<const char*, const char*> cases[] = {
      {"acme/a1:v1", "docker.io/acme/a1:v1"},
      {"a1", "docker.io/library/a1"},
      {"localhost/a1", "localhost/a1"},
      {"ghcr.io/acme/a1:v1", "ghcr.io/acme/a1:v1"},
      {"index.docker.io/a1", "docker.io/library/a1"},
      {"host:5000/a1", "host:5000/a1"},
  };
  for (const auto& [text, want] : cases) {
    CAPTURE(text);
    CHECK(to_string(wasmctl::oci::parse_image_name(text)) == want);
  }
}

TEST_CASE("Docker Hub has one name") {
  for (const auto* text :
       {"docker.io/a1", "index.docker.io/a1", "registry-1.docker.io/library/a1"}) {
    CAPTURE(text);
    CHECK(to_string(parse_reference(text)) == "docker.io/library/a1");
  }
}

TEST_CASE("parse_registry") {
  for (const auto* text : {"ghcr.io", "localhost", "localhost:5000", "[::1]:5000", "docker.io"}) {
    CHECK(wasmctl::oci::parse_registry(text) == text);
  }
  CHECK(wasmctl::oci::parse_registry("index.docker.io") == "docker.io");
  const std::pair<const char*, const char*> cases[] = {
      {"", "`` is not a registry"},
      {"header-logger", "`header-logger` is not a registry"},
      {"Not/A/Registry", "`Not/A/Registry` is not a registry"},
      {"ghcr.io/acme", "`ghcr.io/acme` is more than a registry"},
      {"https://ghcr.io", "registry `https://ghcr.io` has a scheme"},
      {"host:port", "registry `host:port` has a port that is not a number up to 65535"},
      {"me@ghcr.io", "registry `me@ghcr.io` is not a host name"},
      {"me:pw@ghcr.io:443", "registry `ghcr.io:443` is named with a user and a password"},
      {"https://me:pw@ghcr.io", "registry `https://ghcr.io` has a scheme"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(wasmctl::oci::parse_registry(text), message, Error);
  }
}

TEST_CASE("what a reference asks for and sets") {
  const struct {
    std::string text;
    std::string asks;
    std::optional<std::string> sets;
  } cases[] = {
      {"ghcr.io/a1", "latest", "latest"},
      {"ghcr.io/a1:v1", "v1", "v1"},
      {"ghcr.io/a1:v1" + kAtDigest, kDigest.text(), "v1"},
      {"ghcr.io/a1" + kAtDigest, kDigest.text(), std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(tag_or_digest(parse_reference(c.text)) == c.asks);
    CHECK(tag_to_set(parse_reference(c.text)) == c.sets);
  }
  CHECK(to_string(pinned(parse_reference("ghcr.io/a1:v1"), kDigest)) ==
        "ghcr.io/a1:v1" + kAtDigest);
}

TEST_CASE("parse_reference refuses, and says why") {
  const std::string tag129(129, 't');
  const std::string long_name = "ghcr.io/" + std::string(256, 'a');
  const std::pair<std::string, std::string> cases[] = {
      {"", "image `` names no registry"},
      {"header-logger", "image `header-logger` names no registry"},
      {"acme/header-logger:v1", "image `acme/header-logger:v1` names no registry"},
      {"./dir/a.wasm", "registry `.` is not a host name"},
      {"oci://ghcr.io/a1", "image `oci://ghcr.io/a1` has a scheme"},
      {"https://ghcr.io/a1", "image `https://ghcr.io/a1` has a scheme"},
      {"ghcr.io/Acme/a1", "repository `Acme/a1` has an upper-case letter"},
      {"ghcr.io/a", "repository `a` has 1 characters: 2 to 255 are what Istio takes"},
      {"ghcr.io/", "repository `` has 0 characters: 2 to 255 are what Istio takes"},
      {long_name, "repository `" + long_name.substr(8) +
                      "` has 256 characters: 2 to 255 are what Istio takes"},
      {"ghcr.io/a..b",
       "repository `a..b` has the part `a..b`, which is not lower-case letters and "
       "digits joined by `.`, `_`, `__` or `-`"},
      {"ghcr.io/a//b",
       "repository `a//b` has the part ``, which is not lower-case letters and "
       "digits joined by `.`, `_`, `__` or `-`"},
      {"ghcr.io/-a",
       "repository `-a` has the part `-a`, which is not lower-case letters and "
       "digits joined by `.`, `_`, `__` or `-`"},
      {"ghcr.io/a1:", "`ghcr.io/a1:` ends with a colon, but no tag follows"},
      {"ghcr.io/a1:-v1",
       "tag `-v1` is not 1 to 128 letters, digits, `_`, `.` or `-`, the first no "
       "`.` or `-`"},
      {"ghcr.io/a1:" + tag129, "tag `" + tag129 +
                                   "` is not 1 to 128 letters, digits, `_`, `.` or "
                                   "`-`, the first no `.` or `-`"},
      {"ghcr.io/a1@sha256:12", "digest `sha256:12` has 2 hex digits, sha256 has 64"},
      {"host:port/a1", "registry `host:port` has a port that is not a number up to 65535"},
      {"host:99999/a1", "registry `host:99999` has a port that is not a number up to 65535"},
      {"user@host.io/a1", "registry `user@host.io` is not a host name"},
      {"user:pw@host.io/a1", "registry `host.io` is named with a user and a password"},
      {"https://user:pw@host.io/a1", "image `https://host.io/a1` has a scheme"},
      {"oci:", "`oci:` names no directory"},
      {"oci::v1", "`oci:` names no directory"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(parse_reference(text), message.c_str(), Error);
  }
  try {
    parse_reference("acme/header-logger");
  } catch (const Error& error) {
    CHECK(error.code() == Code::usage);
    CHECK(error.hints() ==
          std::vector<std::string>{"an image is REGISTRY/REPOSITORY[:TAG][@DIGEST], as in "
                                   "ghcr.io/acme/header-logger:v1, or oci:DIR[:TAG] on disk",
                                   "an image of Docker Hub is docker.io/acme/header-logger"});
  }
}
