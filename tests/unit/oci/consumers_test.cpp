#include "oci/consumers.hpp"

#include <doctest/doctest.h>

#include "base/tar.hpp"
#include "oci/media_type.hpp"

namespace oci = wasmctl::oci;
namespace mt = oci::media_type;

namespace {

// What oci::make_image() makes, as it would be read back.
oci::ImageTree tree(oci::Format format) {
  const auto image = oci::make_image(std::string("\0asm\1\0\0\0", 8), {format, {}, {}});
  const auto child = [](const oci::Image& made, const oci::Descriptor& entry) {
    return oci::ImageTree::Child{
        entry, std::get<oci::Manifest>(oci::parse_manifest(made.manifest.content,
                                                           made.manifest.descriptor.media_type))};
  };
  oci::ImageTree read;
  read.descriptor = image.manifest.descriptor;
  if (image.children.empty()) {
    read.manifests = {child(image, image.manifest.descriptor)};
    return read;
  }
  read.is_index = true;
  const auto index = std::get<oci::Index>(
      oci::parse_manifest(image.manifest.content, image.manifest.descriptor.media_type));
  for (const auto& entry : index.manifests) {
    for (const auto& made : image.children) {
      if (made.manifest.descriptor.digest == entry.digest)
        read.manifests.push_back(child(made, entry));
    }
  }
  return read;
}

// One letter for each consumer, in order: y loads, n does not.
std::string who(const oci::ImageTree& image) {
  std::string letters;
  for (const auto& verdict : oci::consumers_of(image))
    letters += verdict.why_not.empty() ? 'y' : 'n';
  return letters;
}

std::string istio(const oci::ImageTree& image) {
  return oci::consumers_of(image).at(0).why_not;
}

}  // namespace

TEST_CASE("each format is loaded by whom its table says") {
  // Istio, Envoy Gateway, Envoy, image volumes, docker, CNCF.
  const std::tuple<oci::Format, const char*, const char*> cases[] = {
      {oci::Format::image, "image", "yynyyn"},         {oci::Format::docker, "docker", "yynyyn"},
      {oci::Format::artifact, "artifact", "yyynnn"},   {oci::Format::wasm, "wasm", "nnynny"},
      {oci::Format::universal, "universal", "yynyyy"},
  };
  for (const auto& [format, name, letters] : cases) {
    CAPTURE(name);
    CHECK(who(tree(format)) == letters);
    CHECK(oci::format_of(tree(format)) == name);
  }
}

TEST_CASE("what Istio does not load has its reason") {
  auto image = tree(oci::Format::image);
  auto& manifest = image.manifests[0].manifest;
  image.has_plugin_file = false;
  CHECK(istio(image) == "its last layer holds no file named plugin.wasm");
  image.has_plugin_file = std::nullopt;
  manifest.layers[0].media_type = mt::kOciLayerTar;
  CHECK(istio(image) ==
        "its last layer is application/vnd.oci.image.layer.v1.tar; it must be "
        "application/vnd.oci.image.layer.v1.tar+gzip");
  manifest.layers.clear();
  CHECK(istio(image) == "it has no layers");
  CHECK(istio(tree(oci::Format::wasm)) ==
        "it has 1 layer; an artifact must have two, one of them "
        "application/vnd.module.wasm.content.layer.v1+wasm");
  auto index = tree(oci::Format::universal);
  std::erase_if(index.manifests,
                [](const auto& child) { return child.entry.platform->architecture == "amd64"; });
  CHECK(istio(index) == "the index has no manifest for linux/amd64");
  index.manifests.clear();
  CHECK(who(index) == "nnnnnn");
}

TEST_CASE("a file named plugin.wasm, in any folder") {
  const auto archive = [](std::string_view name) {
    const auto frame = wasmctl::base::tar_frame(name, 0);
    return frame.head + frame.tail;
  };
  CHECK(oci::has_plugin_file(archive("plugin.wasm")));
  CHECK(oci::has_plugin_file(archive("./a/plugin.wasm")));
  CHECK_FALSE(oci::has_plugin_file(archive("filter.wasm")));
  CHECK_FALSE(oci::has_plugin_file(archive("")));
}
