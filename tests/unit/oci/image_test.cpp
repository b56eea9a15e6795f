#include "oci/image.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/gzip.hpp"
#include "base/tar.hpp"
#include "oci/media_type.hpp"

namespace oci = wasmctl::oci;
namespace base = wasmctl::base;

namespace {

const std::string kModule("\0asm\1\0\0\0", 8);

}  // namespace

TEST_CASE("make_image packs one layer with plugin.wasm, which the config describes") {
  const auto image = oci::make_image(kModule);
  REQUIRE(image.blobs.size() == 2);
  const auto& layer = image.blobs[0];
  const auto& config = image.blobs[1];
  for (const auto& blob : image.blobs) oci::verify(blob.descriptor, blob.content.view());
  oci::verify(image.manifest.descriptor, image.manifest.content.view());

  const auto frame = base::tar_frame("plugin.wasm", kModule.size());
  const auto tar = base::gunzip(layer.content.view(), 1 << 20);
  CHECK(tar == frame.head + kModule + frame.tail);
  CHECK(config.content.view() ==
        R"({"architecture":"amd64","config":{},"os":"linux","rootfs":{"diff_ids":[")" +
            oci::Digest::of(tar).text() + R"("],"type":"layers"}})");
  CHECK(
      image.manifest.content.view() ==
      fmt::format(R"({{"annotations":{{"module.wasm.image/variant":"compat"}},)"
                  R"("config":{{"digest":"{}","mediaType":"{}","size":{}}},)"
                  R"("layers":[{{"digest":"{}","mediaType":"{}","size":{}}}],)"
                  R"("mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}})",
                  config.descriptor.digest.text(), "application/vnd.oci.image.config.v1+json",
                  config.content.view().size(), layer.descriptor.digest.text(),
                  "application/vnd.oci.image.layer.v1.tar+gzip", layer.content.view().size()));
}

TEST_CASE("the same module and options give the same digest") {
  CHECK(oci::make_image(kModule).manifest.descriptor.digest.text() ==
        oci::make_image(kModule).manifest.descriptor.digest.text());
  CHECK(oci::make_image(kModule).manifest.descriptor.digest !=
        oci::make_image(kModule + "x").manifest.descriptor.digest);
}

TEST_CASE("what was asked for is in the manifest and the config") {
  const auto image = oci::make_image(
      kModule, {oci::Format::image, "2026-01-02T03:04:05Z", {{"org.example/key", "value"}}});
  const auto manifest =
      std::get<oci::Manifest>(oci::parse_manifest(image.manifest.content.view(), ""));
  CHECK(manifest.annotations ==
        oci::Annotations{{"module.wasm.image/variant", "compat"},
                         {"org.example/key", "value"},
                         {"org.opencontainers.image.created", "2026-01-02T03:04:05Z"}});
  CHECK(nlohmann::json::parse(image.blobs[1].content.view())["created"] == "2026-01-02T03:04:05Z");
}

TEST_CASE("a docker image has Docker's media types, and no annotations") {
  const auto image = oci::make_image(kModule, {oci::Format::docker, {}, {}});
  const auto manifest =
      std::get<oci::Manifest>(oci::parse_manifest(image.manifest.content.view(), ""));
  CHECK(manifest.media_type == "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(manifest.config.media_type == "application/vnd.docker.container.image.v1+json");
  CHECK(manifest.layers.at(0).media_type == "application/vnd.docker.image.rootfs.diff.tar.gzip");
  CHECK(manifest.annotations.empty());
}

TEST_CASE("module_candidates begins with the one that Istio picks and ends with attestations") {
  const auto candidates = [](const std::vector<const char*>& platforms) {
    oci::Index index;
    for (const auto* platform : platforms) {
      const std::string text = platform;
      const auto slash = text.find('/');
      oci::Descriptor entry;
      entry.media_type =
          text == "an/index" ? oci::media_type::kOciIndex : oci::media_type::kOciManifest;
      entry.platform = oci::Platform{text.substr(0, slash), text.substr(slash + 1), {}};
      index.manifests.push_back(entry);
    }
    std::string text;
    for (const auto& entry : oci::module_candidates(index)) {
      text += to_string(*entry.platform) + " ";
    }
    return text;
  };
  CHECK(candidates({"linux/arm64", "linux/amd64", "wasip1/wasm"}) ==
        "linux/amd64 wasip1/wasm linux/arm64 ");
  CHECK(candidates({"an/index", "linux/arm64", "wasip1/wasm"}) ==
        "wasip1/wasm linux/arm64 an/index ");
  CHECK(candidates({"unknown/unknown", "linux/arm64", "linux/s390x"}) ==
        "linux/arm64 linux/s390x unknown/unknown ");
  CHECK(candidates({}).empty());
}
