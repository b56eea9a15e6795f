#include "kube/check/image_check.hpp"

#include <doctest/doctest.h>

#include "base/base64.hpp"
#include "tests/unit/kube/checking.hpp"
#include "tests/unit/oci/imaging.hpp"

namespace kube = wasmctl::kube;
namespace oci = wasmctl::oci;
using imaging::blob, imaging::entry, imaging::TestImage, imaging::tgz;

namespace {

// The least that Envoy loads: an empty memory, an allocator, the mark of the ABI.
std::string module_bytes() {
  const std::string_view map = checking::kModule;
  const auto begin = map.find("AGF");
  return wasmctl::base::base64_decode(map.substr(begin, map.find('}') - begin)).value();
}

std::string findings(TestImage& stored, const std::string& spec) {
  const auto inventory = checking::read(checking::plugin(spec));
  auto image = stored.open();
  std::string out;
  for (const auto& finding :
       kube::check_images(inventory, [&](const auto&) -> auto& { return image; })) {
    out += fmt::format("{}:{} {} [{}] {}\n", finding.place.line, finding.place.column,
                       finding.message, finding.rule, finding.hint);
  }
  return out;
}

oci::Blob packed(const std::string& module) {
  return blob(imaging::mt::kOciLayerGzip, tgz(entry("plugin.wasm", module)));
}

}  // namespace

TEST_CASE("what an image gives is judged where the plugin names it") {
  const std::string url = "{url: 'oci://reg.example/acme/a:v1'}";
  const auto one = packed(module_bytes());
  const auto other = blob(imaging::mt::kCncfModule, module_bytes() + std::string("\0\1\0", 3));
  const struct {
    const char* name;
    std::vector<oci::Blob> layers;
    std::string spec;
    std::string want;
  } cases[] = {
      {"it loads", {one}, url, ""},
      {"a name that Istio does not take",
       {one},
       "{url: 'oci://reg.example/a'}",
       "4:13 repository `a` has 1 characters: 2 to 255 are what Istio takes [image-absent] no "
       "image "
       "can have this name\n"},
      {"no module",
       {packed("text")},
       url,
       "4:13 Istio does not load the image: its plugin.wasm is not a Wasm module [image-module] "
       "`wasmctl push` makes images that it loads\n"},
      {"two modules could be meant",
       {other, one},
       url,
       fmt::format("4:13 two layers could hold the module: it is taken from {}, and not from {} "
                   "[image-choice] leave one module in the image: `wasmctl push`\n",
                   one.descriptor.digest.text(), other.descriptor.digest.text())},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    TestImage image;
    image.add(c.layers);
    CHECK(findings(image, c.spec) == c.want);
  }
}

TEST_CASE("a plugin whose image is not signed, or that is no image, is found") {
  const auto found = [](const std::string& spec) {
    const auto inventory = checking::read(checking::plugin(spec));
    std::string out;
    const auto verify = [](const oci::Reference& image) {
      const bool is_signed = image.repository == "acme/signed" &&
                             (!image.digest || image.digest->hex() == std::string(64, 'a'));
      return is_signed ? "" : oci::to_string(image) + " is not signed";
    };
    for (const auto& finding : kube::check_signatures(inventory, verify)) {
      out += fmt::format("{}:{} {} [{}]\n", finding.place.line, finding.place.column,
                         finding.message, finding.rule);
    }
    return out;
  };
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  CHECK(found("{url: 'oci://ghcr.io/acme/signed@sha256:" + a + "'}").empty());
  CHECK(found("{url: 'oci://ghcr.io/acme/signed:v1', sha256: " + a + "}").empty());
  // What is verified is what is fetched.
  CHECK(found("{url: 'oci://ghcr.io/acme/signed:v1', sha256: " + b + "}") ==
        "4:13 ghcr.io/acme/signed:v1@sha256:" + b + " is not signed [image-signed]\n");
  CHECK(found("{url: 'oci://ghcr.io/acme/signed:v1', sha256: b}") ==
        "4:13 digest `sha256:b` has 1 hex digits, sha256 has 64 [image-signed]\n");
  CHECK(found("{url: 'oci://ghcr.io/acme/signed:v1'}") ==
        "4:13 `oci://ghcr.io/acme/signed:v1` is signed now, and whatever the tag names when it is "
        "fetched [image-signed]\n");
  CHECK(found("{url: 'oci://ghcr.io/acme/other:v1'}") ==
        "4:13 ghcr.io/acme/other:v1 is not signed [image-signed]\n");
  CHECK(found("{url: ghcr.io/acme/other}") ==
        "4:13 ghcr.io/acme/other is not signed [image-signed]\n");
  CHECK(found("{url: 'oci://reg.example/a'}") ==
        "4:13 repository `a` has 1 characters: 2 to 255 are what Istio takes [image-signed]\n");
  for (const auto* const url : {"https://example.com/a.wasm", "file:///a.wasm"}) {
    CHECK(found(fmt::format("{{url: '{}'}}", url)) ==
          "4:13 it loads no image, and nothing else is signed [image-signed]\n");
  }
}
