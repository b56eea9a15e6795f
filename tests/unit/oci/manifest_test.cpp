#include "oci/manifest.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "oci/consumers.hpp"
#include "oci/media_type.hpp"

namespace oci = wasmctl::oci;
namespace media_type = oci::media_type;
using wasmctl::Error;

namespace {

const std::string kDigest = oci::Digest::of("{}").text();
const std::string kEmpty =
    R"({"mediaType":"application/vnd.oci.empty.v1+json","digest":")" + kDigest + R"(","size":2})";

std::string manifest(const std::string& fields) {
  return R"({"schemaVersion":2,)" + fields + "}";
}

std::string child(const std::string& platform) {
  return R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + kDigest +
         R"(","size":2)" + platform + "}";
}

std::string blob(const std::string& platform) {
  return R"({"mediaType":"a/b","digest":")" + kDigest + R"(","size":2)" + platform + "}";
}

std::string platform(const std::string& os, const std::string& architecture) {
  return R"(,"platform":{"os":")" + os + R"(","architecture":")" + architecture + R"("})";
}

}  // namespace

TEST_CASE("a manifest is written as it was read") {
  const auto text =
      R"({"annotations":{"a":"b"},"artifactType":"x/y","config":{"digest":")" + kDigest +
      R"(","mediaType":"c/c","size":2},"layers":[{"annotations":{"k":"v"},"digest":")" + kDigest +
      R"(","mediaType":"l/l","size":3}],"mediaType":")" + std::string(media_type::kOciManifest) +
      R"(","schemaVersion":2})";
  const auto parsed = oci::parse_manifest(text, media_type::kOciManifest);
  CHECK(oci::to_json_text(std::get<oci::Manifest>(parsed)) == text);
}

TEST_CASE("an index is written as it was read") {
  const auto text =
      R"({"manifests":[{"digest":")" + kDigest +
      R"(","mediaType":"m/m","platform":{"architecture":"arm64","os":"linux","variant":"v8"},"size":2}],"mediaType":")" +
      std::string(media_type::kOciIndex) + R"(","schemaVersion":2})";
  const auto parsed = oci::parse_manifest(text, "");
  CHECK(oci::to_json_text(std::get<oci::Index>(parsed)) == text);
}

TEST_CASE("the type of a document: its own, the announced, or its shape") {
  const auto body = R"("config":)" + kEmpty + R"(,"layers":[])";
  const struct {
    const char* name;
    std::string text;
    std::string_view announced;
    std::string_view want;
  } cases[] = {
      {"announced", manifest(body), media_type::kDockerManifest, media_type::kDockerManifest},
      {"shape of a manifest", manifest(body), "", media_type::kOciManifest},
      {"a list that Go wrote", manifest(R"("manifests":null)"), "application/json",
       "application/vnd.oci.image.index.v1+json"},
      {"shape of an index", manifest(R"("manifests":[])"), "application/json",
       media_type::kOciIndex},
      {"its own",
       manifest(R"("mediaType":"application/vnd.docker.distribution.manifest.v2+json",)" + body),
       "text/plain", media_type::kDockerManifest},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(std::visit([](const auto& document) { return document.media_type; },
                     oci::parse_manifest(c.text, c.announced)) == c.want);
  }
}

TEST_CASE("brackets in strings are not depth, and many objects take no longer than their bytes") {
  CHECK(oci::parse_json(R"(["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\"[[", "\\", []])", "it")
            .size() == 4);
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(oci::parse_json(nested(32), "it").is_array());
  CHECK_THROWS_WITH_AS(oci::parse_json(nested(33), "it"), "it is nested more than 32 deep", Error);
  std::string objects = "[{}";
  for (int i = 1; i < 50'000; ++i) objects += ",{}";  // each looked at again after each: minutes
  CHECK(oci::parse_json(objects + "]", "it").size() == 50'000);
}

TEST_CASE("parse_manifest refuses, and says why and where") {
  const std::string deep(100, '[');
  const std::pair<std::string, std::string> cases[] = {
      {"", "the manifest is no JSON (byte 1)"},
      {"<html>", "the manifest is no JSON (byte 1)"},
      {"{\"a\":\"\xff\"}", "the manifest is no JSON (byte 7)"},
      {"[]", "the manifest is no JSON object"},
      {deep, "the manifest is nested more than 32 deep"},
      {manifest(R"("x":1)"), "the manifest has no `config`"},
      {manifest(R"("config":1)"), "the manifest: `config` is not an object"},
      {manifest(R"("config":{})"), "config has no `mediaType`"},
      {manifest(R"("config":{"mediaType":1})"), "the manifest: `config.mediaType` is not a string"},
      {manifest(R"("config":{"mediaType":"a/b","digest":"sha256:12","size":1})"),
       "config is wrong: digest `sha256:12` has 2 hex digits, sha256 has 64"},
      {manifest(R"("config":)" + kEmpty), "the manifest has no list `layers`"},
      {manifest(R"("config":)" + kEmpty + R"(,"layers":{})"),
       "the manifest: `layers` is not a list"},
      {manifest(R"("config":)" + kEmpty + R"(,"layers":[)" + kEmpty + R"(,{"mediaType":"a/b"}])"),
       "layers[1] has no `digest`"},
      {manifest(R"("config":)" + kEmpty + R"(,"layers":[{"mediaType":"a/b","digest":")" + kDigest +
                R"(","size":-1}])"),
       "layers[0] has no `size` that is a number of bytes"},
      {manifest(R"("config":)" + kEmpty + R"(,"layers":[{"mediaType":"a/b","digest":")" + kDigest +
                R"(","size":1.5}])"),
       "the manifest: `layers.size` is not an integer of 64 bits"},
      {manifest(R"("manifests":[{"mediaType":"a/b","digest":")" + kDigest +
                R"(","size":1,"platform":"linux"}])"),
       "the manifest: `manifests.platform` is not an object"},
      {manifest(R"("mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws")"),
       "the manifest is of Docker's schema 1, which is out of use"},
      {R"({"schemaVersion":1,"name":"acme/a","fsLayers":[],"history":[]})",
       "the manifest is of Docker's schema 1, which is out of use"},
      {manifest(R"("x":1e400)"), "the manifest has a number that no double can hold"},
      {manifest(R"("x":[-)" + std::string(400, '9') + "]"),
       "the manifest has a number that no double can hold"},
      {manifest(R"("mediaType":"application/vnd.example.list")"),
       "the manifest has the type `application/vnd.example.list`, which is not an image manifest "
       "or "
       "index"},
      {manifest(R"("manifests":[],"layers":[])"), "the manifest is an index, but has layers"},
      {manifest(R"("mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[])"),
       "the manifest is not an index, but has manifests"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(oci::parse_manifest(text, ""), message.c_str(), Error);
  }
  CHECK_THROWS_WITH_AS(
      oci::parse_manifest(manifest(R"("mediaType":"application/vnd.oci.image.index.v1+json")"),
                          media_type::kOciManifest),
      "the manifest says `application/vnd.oci.image.index.v1+json` of itself, but "
      "`application/vnd.oci.image.manifest.v1+json` was announced",
      Error);
}

TEST_CASE("select_for_istio takes what go-containerregistry takes") {
  const struct {
    const char* name;
    std::string entries;
    int want;  // index of the entry; -1: none
  } cases[] = {
      {"empty", "", -1},
      {"amd64 after arm64",
       child(platform("linux", "arm64")) + "," + child(platform("linux", "amd64")), 1},
      {"no platform", child(platform("linux", "arm64")) + "," + child(""), 1},
      {"wasm only", child(platform("wasip1", "wasm")), -1},
      {"attestation", child(platform("unknown", "unknown")), -1},
      {"no platform, as Go writes it", child(R"(,"platform":null)"), 0},
      {"an empty platform is one", child(R"(,"platform":{})"), -1},
      {"another thing than a manifest", blob("") + "," + child(""), 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto index = std::get<oci::Index>(
        oci::parse_manifest(manifest("\"manifests\":[" + c.entries + "]"), ""));
    const auto* found = oci::select_for_istio(index);
    CHECK((found == nullptr ? -1 : static_cast<int>(found - index.manifests.data())) == c.want);
  }
}

TEST_CASE("a document that Go reads as another is refused, and one that it does not read") {
  const auto one = R"("config":)" + kEmpty + R"(,"layers":[)";
  const auto with = [&](const std::string& field) {
    return manifest(one + R"({"mediaType":"a/b","digest":")" + kDigest + R"(","size":1)" + field +
                    "}]");
  };
  const std::string twice = "which other readers take for";
  const std::pair<std::string, std::string> refused[] = {
      {manifest(one + R"(],"Layers":[])"), "has the key `Layers`, " + twice + " `layers`"},
      {manifest(R"("LAYERS":[],"config":)" + kEmpty),
       "has the key `LAYERS`, " + twice + " `layers`"},
      {manifest(one + "],\"layer\u017f\":[]"), "has the key `layer\u017f`, " + twice + " `layers`"},
      {manifest(one + R"(],"layer\u017f":[])"),
       "has the key `layer\u017f`, " + twice + " `layers`"},
      {manifest(one + R"(],"layers":[])"), "has the key `layers` twice"},
      {manifest(one + R"(],"Manifests":[])"), "has the key `Manifests`, " + twice + " `manifests`"},
      {manifest(one + R"(],"Subject":null)"), "has the key `Subject`, " + twice + " `subject`"},
      {with(R"(,"Digest":"x")"), "has the key `Digest`, " + twice + " `digest`"},
      {with(R"(,"MediaType":"x")"), "has the key `MediaType`, " + twice + " `mediaType`"},
      {with(R"(,"platform":{"OS":"linux"})"), "has the key `OS`, " + twice + " `os`"},
      {with(R"(,"urls":5)"), ": `layers.urls` is not a list"},
      {with(R"(,"urls":[5])"), ": `layers.urls` is not a string"},
      {with(R"(,"data":"?")"), ": `layers.data` is not base64"},
      {with(R"(,"annotations":{"build":5})"), ": `layers.annotations.build` is not a string"},
      {manifest(one + R"(],"annotations":{"build":5})"), ": `annotations.build` is not a string"},
      {R"({"schemaVersion":"2",)" + one + "]}", ": `schemaVersion` is not an integer of 64 bits"},
      {"\xef\xbb\xbf" + manifest(one + "]"), "begins with a byte order mark, and is not JSON"},
  };
  for (const auto& [text, message] : refused) {
    CAPTURE(text);
    const auto want = "the manifest" + (message[0] == ':' ? "" : std::string(" ")) + message;
    CHECK_THROWS_WITH_AS(oci::parse_manifest(text, ""), want.c_str(), Error);
  }
  // Bytes that are not what the digest says: Istio would not notice.
  const auto embedded = [&](const char* size, const char* data) {
    return manifest(R"("layers":[],"config":{"mediaType":"a/b","digest":")" + kDigest +
                    R"(","size":)" + size + R"(,"data":")" + data + R"("})");
  };
  const std::pair<std::string, std::string> other_data[] = {
      {embedded("2", "W10="),
       kDigest + " was asked for, but the bytes are " + oci::Digest::of("[]").text()},
      {embedded("2", ""), kDigest + " has 0 bytes, 2 were promised"},
      {embedded("1", "e30="), kDigest + " has more than the 1 bytes that were promised"},
  };
  for (const auto& [text, message] : other_data) {
    CAPTURE(text);
    const auto want = "config.data is something else: " + message;
    CHECK_THROWS_WITH_AS(oci::parse_manifest(text, ""), want.c_str(), Error);
  }
  const std::string read[] = {
      // What is below these is their authors' own.
      manifest(one + R"(],"annotations":{"Layers":"x","layers":"y","MediaType":"z"})"),
      manifest(one + R"(],"unknown":{"Layers":1,"layers":2,"layers":3,"annotations":{"a":1}})"),
      with(R"(,"annotations":{"Digest":"x"})"),
      with(R"(,"os":1,"layers":[])"),
      // As Go writes what is not there.
      manifest(one + R"(],"annotations":null,"subject":null,"mediaType":null)"),
      with(R"(,"urls":null,"platform":null,"annotations":{"a":null},"artifactType":null)"),
      with(R"(,"urls":["https://a"],"data":null)"),
      manifest(R"("layers":[],"config":{"mediaType":"a/b","size":2,"data":"e3\n0=","digest":")" +
               kDigest + R"("})"),
      // Keys that only look like fields.
      manifest(one + R"(],"layerS2":1,"lager":1)"),
  };
  for (const auto& text : read) {
    CAPTURE(text);
    CHECK_NOTHROW(oci::parse_manifest(text, ""));
  }
}

TEST_CASE("go-containerregistry finds a layer's type by its digest") {
  const oci::Descriptor layer{"l/l", oci::Digest::of("l"), 1, {}, {}, {}};
  auto same = layer;
  same.media_type = "s/s";
  oci::Manifest manifest;
  manifest.config = {"c/c", oci::Digest::of("c"), 1, {}, {}, {}};
  manifest.layers = {layer, same};
  CHECK(oci::type_of(manifest, manifest.layers[1]) == "l/l");
  manifest.config.digest = layer.digest;
  CHECK(oci::type_of(manifest, manifest.layers[0]) == "c/c");
}

TEST_CASE("a verifier takes what was promised, and nothing else") {
  const auto promised = oci::describe("a/b", "content");
  const struct {
    const char* name;
    std::string bytes;
    std::string want;
  } cases[] = {
      {"right", "content", ""},
      {"short", "conten", promised.digest.text() + " has 6 bytes, 7 were promised"},
      {"long", "content!",
       promised.digest.text() + " has more than the 7 bytes that were promised"},
      {"other", "Content",
       promised.digest.text() + " was asked for, but the bytes are " +
           oci::Digest::of("Content").text()},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    std::string message;
    try {
      oci::verify(promised, c.bytes);
    } catch (const Error& error) {
      CHECK(error.code() == wasmctl::Code::verification);
      message = error.message();
    }
    CHECK(message == c.want);
  }
}
