#include "oci/image.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/gzip.hpp"
#include "base/tar.hpp"

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
