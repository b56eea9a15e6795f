#include "oci/pulled_image.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "tests/unit/oci/imaging.hpp"

namespace oci = wasmctl::oci;
namespace base = wasmctl::base;
namespace mt = oci::media_type;
using imaging::blob, imaging::entry, imaging::TestImage, imaging::tgz;
using oci::Consumer;
using wasmctl::Error;

namespace {

const std::string kMagic("\0asm\1\0\0\0", 8);
const std::string kFirst = kMagic + "first";
const std::string kSecond = kMagic + "second";

oci::Descriptor for_platform(oci::Descriptor manifest, const char* os, const char* architecture) {
  manifest.platform = oci::Platform{os, architecture, {}};
  return manifest;
}

std::string module_of(oci::PulledImage& image) {
  try {
    return std::string(image.module().content.view());
  } catch (const Error& error) {
    const auto& message = error.message();
    return "error: " + message.substr(message.find(": ") + 2);
  }
}

// One letter for each consumer, in order: y loads, n does not.
std::string who(oci::PulledImage& image) {
  std::string letters;
  for (const auto& verdict : image.verdicts()) letters += verdict.why_not.empty() ? 'y' : 'n';
  return letters;
}

}  // namespace

TEST_CASE("each format is loaded by whom its table says") {
  // Istio, Envoy Gateway, image volumes, docker, CNCF.
  const std::tuple<oci::Format, const char*, const char*> cases[] = {
      {oci::Format::image, "image", "yyyyn"},         {oci::Format::docker, "docker", "yyyyn"},
      {oci::Format::artifact, "artifact", "yynnn"},   {oci::Format::wasm, "wasm", "nnnny"},
      {oci::Format::universal, "universal", "yyyyy"},
  };
  for (const auto& [format, name, letters] : cases) {
    CAPTURE(name);
    TestImage stored;
    stored.layout().push(oci::make_image(kFirst, {format, {}, {}}), {"v1", std::nullopt});
    auto image = stored.open();
    CHECK(who(image) == letters);
    CHECK(image.format() == name);
    CHECK(module_of(image) == kFirst);
    CHECK(image.module().remark == "");
  }
}

TEST_CASE("which module an image gives, and what Istio says to it") {
  const auto tar = [](const std::string& entries) { return blob(mt::kOciLayerGzip, tgz(entries)); };
  const auto plain = entry("plugin.wasm", kFirst);
  const auto cut = [](std::string bytes, std::size_t less) {
    bytes.resize(bytes.size() - less);
    return bytes;
  };
  const auto titled = [](oci::Blob layer, const char* title) {
    layer.descriptor.annotations["org.opencontainers.image.title"] = title;
    return layer;
  };
  const auto with_flag = [](std::string gzip) {
    gzip[3] = '\x80';
    return gzip;
  };
  const auto with_name = [](std::string gzip) {
    gzip[3] = '\x08';
    return gzip.insert(10, std::string(600, 'n') + '\0');
  };
  const std::string too_long =
      "its last layer cannot be read: the gzip stream has a name or comment of 512 bytes or more";
  const std::string unreadable =
      "its last layer cannot be read: the gzip stream is broken: unknown header flags set";
  const std::string none = "its last layer holds no file named plugin.wasm";
  const struct {
    const char* name;
    std::vector<oci::Blob> layers;
    std::string want;   // the module, or "error: ..."
    std::string istio;  // why not
    bool two = false;   // two layers could be meant
    std::string_view type = mt::kOciManifest;
  } cases[] = {
      {"plugin.wasm of the last layer", {tar(plain)}, kFirst, ""},
      {"in any folder", {tar(entry("x", "") + entry("./a/plugin.wasm", kFirst))}, kFirst, ""},
      {"the first wins", {tar(plain + entry("a/plugin.wasm", kSecond))}, kFirst, ""},
      {"ordinary layers below", {tar(entry("plugin.wasm", kSecond)), tar(plain)}, kFirst, ""},
      {"a raw module in front of the last layer",
       {blob(mt::kCncfModule, kSecond), tar(plain)},
       kFirst,
       "",
       true},
      {"of wasm-to-oci", {blob(mt::kWasmToOciModule, kSecond), tar(plain)}, kFirst, "", true},
      {"a title in front of it",
       {titled(blob("text/plain", kSecond), "a/plugin.wasm"), tar(plain)},
       kFirst,
       "",
       true},
      {"three layers",
       {blob(mt::kSoloModule, kSecond), blob("text/plain", "x"), tar(plain)},
       kFirst,
       "",
       true},
      {"of two the one with solo's type",
       {blob(mt::kCncfModule, kSecond), blob(mt::kSoloModule, kFirst)},
       kFirst,
       "",
       true},
      {"in either order", {blob("text/plain", "x"), blob(mt::kSoloModule, kFirst)}, kFirst, ""},
      {"the first of two of them",
       {blob(mt::kSoloModule, kFirst), blob(mt::kSoloModule, kSecond)},
       kFirst,
       "",
       true},
      {"a tar behind it counts first",
       {blob(mt::kSoloModule, kSecond), tar(plain)},
       kFirst,
       "",
       true},
      {"unless it has no such file",
       {blob(mt::kSoloModule, kFirst), tar(entry("readme", "x"))},
       kFirst,
       ""},
      {"types are found by digest",
       {blob(mt::kCncfModule, kFirst), blob(mt::kSoloModule, kFirst)},
       kFirst,
       "it has 2 layers; an artifact must have two, one of them "
       "application/vnd.module.wasm.content.layer.v1+wasm"},
      {"one layer of the CNCF",
       {blob(mt::kCncfModule, kFirst)},
       kFirst,
       "it has 1 layer; an artifact must have two, one of them "
       "application/vnd.module.wasm.content.layer.v1+wasm"},
      {"files of oras",
       {titled(blob("a/b", "x"), "readme"), titled(blob("a/b", kFirst), "f.wasm")},
       kFirst,
       "it has 2 layers; an artifact must have two, one of them "
       "application/vnd.module.wasm.content.layer.v1+wasm"},
      {"Docker's",
       {blob(mt::kDockerLayerGzip, tgz(plain))},
       kFirst,
       "",
       false,
       mt::kDockerManifest},
      {"OCI's layer in Docker's manifest",
       {tar(plain)},
       kFirst,
       "its last layer is application/vnd.oci.image.layer.v1.tar+gzip; it must be "
       "application/vnd.docker.image.rootfs.diff.tar.gzip",
       false,
       mt::kDockerManifest},
      {"a plain tar",
       {blob(mt::kOciLayerTar, plain)},
       kFirst,
       "its last layer is application/vnd.oci.image.layer.v1.tar; it must be "
       "application/vnd.oci.image.layer.v1.tar+gzip"},
      {"no layers", {}, "error: the image has no layers", "it has no layers"},
      {"another name", {tar(entry("filter.wasm", kFirst))}, kFirst, none},
      {"a link first",
       {tar(entry("plugin.wasm", "", '2') + plain)},
       "error: its plugin.wasm is a link, and not a plain file",
       "its plugin.wasm is a link, and not a plain file"},
      {"a hard link",
       {tar(entry("plugin.wasm", "", '1') + plain)},
       "error: its plugin.wasm is a link, and not a plain file",
       "its plugin.wasm is a link, and not a plain file"},
      {"a folder first",
       {tar(entry("plugin.wasm/", "", '5') + plain)},
       "error: its plugin.wasm is a directory, and not a plain file",
       "its plugin.wasm is a directory, and not a plain file"},
      {"a link of that name beside another module",
       {blob(mt::kSoloModule, kFirst), tar(entry("plugin.wasm", "", '2'))},
       "error: its plugin.wasm is a link, and not a plain file",
       "its plugin.wasm is a link, and not a plain file"},
      {"a type that nobody knows", {tar(entry("plugin.wasm", kFirst, 'Z'))}, kFirst, ""},
      {"text", {tar(entry("plugin.wasm", "text"))}, "text", "its plugin.wasm is not a Wasm module"},
      {"gzip without a tar",
       {blob(mt::kOciLayerGzip, base::gzip(kFirst))},
       kFirst,
       "its last layer is a module, and must be a tar that holds plugin.wasm"},
      // Go's reader ends there, and what is beside it is taken.
      {"a name in the gzip header that is too long for Go",
       {blob(mt::kSoloModule, kSecond), blob(mt::kOciLayerGzip, with_name(tgz(plain)))},
       "error: " + too_long,
       too_long},
      {"gzip without its trailer", {blob(mt::kOciLayerGzip, cut(tgz(plain), 8))}, kFirst, ""},
      // zlib refuses flags that Go passes over: nothing else may be taken in its place.
      {"gzip that others may read",
       {blob(mt::kCncfModule, kSecond), blob(mt::kOciLayerGzip, with_flag(tgz(plain)))},
       "error: " + unreadable,
       unreadable},
      {"the same beside a module of solo's type",
       {blob(mt::kSoloModule, kSecond), blob(mt::kOciLayerGzip, with_flag(tgz(plain)))},
       "error: " + unreadable,
       unreadable},
      {"no gzip",
       {blob(mt::kOciLayerGzip, plain)},
       "error: there is no gzip stream: it does not begin with 1f 8b",
       "its last layer cannot be read: there is no gzip stream: it does not begin with 1f 8b"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    TestImage stored;
    stored.add(c.layers, c.type);
    auto image = stored.open();
    CHECK(module_of(image) == c.want);
    CHECK(image.verdict(Consumer::istio).why_not == c.istio);
    CHECK(image.verdict(Consumer::envoy_gateway).why_not == c.istio);
    if (!c.want.starts_with("error")) CHECK(image.module().remark.empty() != c.two);
    if (c.istio.empty()) CHECK(image.module_for(Consumer::istio)->content.view() == c.want);
    if (!c.istio.empty()) CHECK_THROWS_AS(image.module_for(Consumer::istio), Error);
  }
}

TEST_CASE("of an index Istio takes the first for linux/amd64, be it there or not") {
  TestImage stored;
  const auto first = stored.add({blob(mt::kOciLayerGzip, tgz(entry("plugin.wasm", kFirst)))});
  const auto second = stored.add({blob(mt::kOciLayerGzip, tgz(entry("plugin.wasm", kSecond)))});
  auto absent = first;
  absent.digest = oci::Digest::of("absent");

  stored.add_index({for_platform(first, "linux", "arm64"), for_platform(second, "linux", "amd64")});
  auto image = stored.open();
  CHECK(module_of(image) == kSecond);
  CHECK(image.manifest_for(Consumer::istio).digest == second.digest);
  CHECK(image.module().remark == "");

  stored.add_index({for_platform(absent, "linux", "amd64"), for_platform(first, "linux", "amd64")});
  image = stored.open();
  const auto why =
      fmt::format("the index's manifest for linux/amd64, {}, is not there", absent.digest.text());
  CHECK(image.verdict(Consumer::istio).why_not == why);
  CHECK(who(image) == "nnnnn");
  CHECK_THROWS_WITH_AS(image.manifest_for(Consumer::istio),
                       (image.name() + " is not an image for Istio: " + why).c_str(), Error);
  // Where it does not load one, another is found, and that is said.
  CHECK(module_of(image) == kFirst);
  CHECK(image.module().remark == "Istio does not load the image: " + why);

  stored.add_index({first});
  const auto nested = *stored.layout().resolve({"v1", std::nullopt});
  auto entry_of_index = nested;
  entry_of_index.annotations.clear();
  stored.add_index({for_platform(second, "linux", "arm64"), entry_of_index});
  image = stored.open();
  CHECK(image.manifest_for(Consumer::istio).digest == first.digest);
  CHECK(module_of(image) == kFirst);

  stored.add_index({for_platform(second, "linux", "arm64")});
  image = stored.open();
  CHECK(image.verdict(Consumer::istio).why_not == "the index has no manifest for linux/amd64");
  CHECK(module_of(image) == kSecond);
  CHECK(image.module().remark == "");

  // go-containerregistry passes over what it is listed as.
  auto odd = second;
  odd.media_type = "application/x";
  stored.add_index({for_platform(odd, "linux", "amd64"), for_platform(first, "linux", "arm64")});
  image = stored.open();
  CHECK(image.manifest_for(Consumer::istio).digest == second.digest);
  CHECK(who(image) == "yynnn");
  CHECK(module_of(image) == kSecond);
  CHECK(image.module().remark == "");

  auto listed_as_manifest = nested;
  listed_as_manifest.media_type = mt::kOciManifest;
  stored.add_index({listed_as_manifest});
  image = stored.open();
  CHECK(image.verdict(Consumer::istio).why_not.find("listed as a manifest") != std::string::npos);
}

TEST_CASE("a document or layer is read from its descriptor where that brings it") {
  TestImage stored;
  const auto packed = tgz(entry("plugin.wasm", kFirst));
  const auto other = stored.add({blob(mt::kOciLayerGzip, tgz(entry("plugin.wasm", kSecond)))});
  const auto embed = [](const std::string& type, const std::string& bytes) {
    const auto described = oci::describe(type, bytes);
    return fmt::format(R"("mediaType":"{}","digest":"{}","size":{},"data":"{}")", type,
                       described.digest.text(), bytes.size(), base::base64_encode(bytes));
  };
  const std::string config(mt::kOciConfig);
  const auto manifest = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","config":{{{}}},"layers":[{{{}}}]}})",
      mt::kOciManifest, embed(config, "{}"), embed(std::string(mt::kOciLayerGzip), packed));
  const auto index = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{{},"platform":{{"os":"linux","architecture":"amd64"}}}},{{"mediaType":"{}","digest":"{}","size":{}}}]}})",
      mt::kOciIndex, embed(std::string(mt::kOciManifest), manifest), mt::kOciManifest,
      other.digest.text(), other.size);
  stored.layout().push_manifest(blob(mt::kOciIndex, index), {"v1", std::nullopt});
  auto image = stored.open();
  CHECK(module_of(image) == kFirst);
  CHECK(image.verdict(Consumer::istio).why_not == "");
  CHECK(image.manifest_for(Consumer::istio).digest == oci::Digest::of(manifest));
  CHECK(stored.asked == 1);
}

TEST_CASE("that Istio may take a layer from elsewhere is said") {
  TestImage stored;
  const auto layer = oci::describe(mt::kOciLayerGzip, tgz(entry("plugin.wasm", kFirst)));
  stored.layout().push_blob(blob(mt::kOciLayerGzip, tgz(entry("plugin.wasm", kFirst))),
                            oci::Presence::unknown);
  const auto described = [](const oci::Descriptor& d, const char* more) {
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}}})", d.media_type,
                       d.digest.text(), d.size, more);
  };
  const auto manifest =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})",
                  mt::kOciManifest, described(oci::describe(mt::kOciConfig, "{}"), ""),
                  described(layer, R"(,"urls":["https://elsewhere.test/a"])"));
  stored.layout().push_manifest(blob(mt::kOciManifest, manifest), {"v1", std::nullopt});
  auto image = stored.open();
  CHECK(image.module().remark ==
        layer.digest.text() +
            " names `urls`: once the registry has the layer no more, Istio takes from there "
            "whatever it gets");
}

TEST_CASE("a volume has what the layers leave at its root") {
  const auto tar = [](const std::string& entries) { return blob(mt::kOciLayerGzip, tgz(entries)); };
  const auto first = tar(entry("./plugin.wasm", kFirst));
  const auto nothing = tar(entry("readme", "x"));
  const struct {
    const char* name;
    std::vector<oci::Blob> layers;
    std::string want;
  } cases[] = {
      {"in the last layer", {first}, kFirst},
      {"in a layer below", {first, nothing}, kFirst},
      {"the last of a layer counts",
       {tar(entry("plugin.wasm", kFirst) + entry("/plugin.wasm", kSecond))},
       kSecond},
      {"not in a folder",
       {tar(entry("a/plugin.wasm", kFirst))},
       "it has no file plugin.wasm at its root"},
      {"taken out",
       {first, tar(entry(".wh.plugin.wasm", ""))},
       "it has no file plugin.wasm at its root"},
      {"everything is",
       {first, tar(entry(".wh..wh..opq", ""))},
       "it has no file plugin.wasm at its root"},
      {"a slash behind the name is nothing",
       {tar(entry("plugin.wasm", kFirst) + entry("plugin.wasm/", kSecond))},
       kSecond},
      {"or a folder's",
       {tar(entry("plugin.wasm", kFirst) + entry("plugin.wasm/", "", '5'))},
       "its plugin.wasm is a directory, and not a plain file"},
      {"through a link that leads to the root",
       {tar(entry("plugin.wasm", kFirst) + entry("a", "", '2') + entry("a/plugin.wasm", kSecond))},
       "it has a plugin.wasm in /a, which is a link"},
      {"of another layer",
       {tar(entry("a/b", "", '2')), tar(entry("a/b/c/plugin.wasm", kSecond)), first},
       kFirst},
      {"and further up",
       {tar(entry("a/b", "", '2')), first, tar(entry("./a//b/c/.wh.plugin.wasm", ""))},
       "it has a plugin.wasm in /a/b/c, which is a link"},
      {"a folder of another name is none",
       {tar(entry("a", "", '2') + entry("ab/plugin.wasm", kSecond) + entry("a/x", "")), first},
       kFirst},
      {"a link",
       {tar(entry("plugin.wasm", "", '2'))},
       "its plugin.wasm is a link, and not a plain file"},
      {"what cannot be looked into", {blob(mt::kOciLayerZstd, "x")}, "nobody knows"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    TestImage stored;
    stored.add(c.layers);
    auto image = stored.open();
    std::string found;
    try {
      const auto module = image.module_for(Consumer::image_volume);
      found = module ? std::string(module->content.view()) : "nobody knows";
    } catch (const Error& error) {
      CHECK(error.code() == wasmctl::Code::unloadable);
      found = error.message().substr(error.message().rfind(": ") + 2);
    }
    CHECK(found == c.want);
  }
}

TEST_CASE("whatever is asked, each document and each layer is fetched once") {
  TestImage stored;
  stored.layout().push(
      oci::make_image(kFirst, {oci::Format::universal, {}, {}, R"({"type":"object"})"}),
      {"v1", std::nullopt});
  auto image = stored.open();
  who(image);
  image.format();
  CHECK(image.children().size() == 3);
  CHECK(module_of(image) == kFirst);
  CHECK(image.config_schema(image.module_for(Consumer::istio)->manifest) == R"({"type":"object"})");
  CHECK(stored.asked == 4);  // the index, its two manifests, and a layer
}

TEST_CASE("the config's schema is in the layer of the module") {
  const std::string schema = R"({"type":"object"})";
  for (const auto format : {oci::Format::image, oci::Format::artifact}) {
    TestImage stored;
    stored.layout().push(oci::make_image(kFirst, {format, {}, {}, schema}), {"v1", std::nullopt});
    auto image = stored.open();
    CHECK(image.config_schema(image.module().manifest) == schema);
  }
  TestImage stored;
  stored.add({blob(mt::kOciLayerGzip, tgz(entry("config.schema.json", "1"))),
              blob(mt::kOciLayerGzip, tgz(entry("plugin.wasm", kFirst)))},
             mt::kOciManifest, {{"module.wasm.image/config-schema", "config.schema.json"}});
  auto image = stored.open();
  CHECK_THROWS_AS(image.config_schema(image.module().manifest), Error);
}
