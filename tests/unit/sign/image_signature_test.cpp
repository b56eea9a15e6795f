#include "sign/image_signature.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "oci/layout.hpp"
#include "oci/referrers.hpp"
#include "tests/unit/sign/sample_keys.hpp"

namespace wasmctl::sign {

namespace {

using nlohmann::json;

oci::ImageOptions universal() {
  oci::ImageOptions options;
  options.format = oci::Format::universal;
  return options;
}

// A layout with an image under the tag v1, and one of all formats under `all`.
class SignedLayout {
 public:
  SignedLayout() {
    layout_.push(oci::make_image(std::string("a module")), tag("v1"));
    layout_.push(oci::make_image(std::string("a module"), universal()), tag("all"));
  }

  static oci::Selector tag(const std::string& name) { return {name, std::nullopt}; }

  oci::Layout& store() { return layout_; }
  oci::Digest digest(const std::string& name) { return layout_.resolve(tag(name))->digest; }

  // A manifest of the layout, changed, and stored as if nobody had; what named it names the new
  // one.
  template <typename Change>
  void forge(const oci::Digest& digest, const Change& change) {
    const auto old = layout_.fetch_manifest(oci::by_digest(digest));
    auto manifest = std::get<oci::Manifest>(oci::parse_manifest(old, ""));
    change(manifest);
    const auto text = oci::to_json_text(manifest);
    const oci::Blob blob{oci::describe(manifest.media_type, text), text};
    layout_.write_blob(blob);
    auto index = base::read_file(directory_.path() / "index.json", 1 << 20);
    const auto replace = [&](const std::string& from, const std::string& to) {
      for (auto at = index.find(from); at != std::string::npos; at = index.find(from, at)) {
        index.replace(at, from.size(), to);
      }
    };
    replace(old.descriptor.digest.text() + "\",\"mediaType\":\"" + manifest.media_type +
                "\",\"size\":" + std::to_string(old.descriptor.size),
            blob.descriptor.digest.text() + "\",\"mediaType\":\"" + manifest.media_type +
                "\",\"size\":" + std::to_string(blob.descriptor.size));
    base::write_file(directory_.path() / "index.json", index);
  }

  // The layer of a manifest, replaced by what `change` makes of its text.
  template <typename Change>
  void forge_layer(const oci::Digest& digest, const Change& change) {
    forge(digest, [&](oci::Manifest& manifest) {
      auto& layer = manifest.layers.front();
      auto text = std::string(layout_.fetch_blob(layer).content.view());
      change(text);
      const auto annotations = layer.annotations;
      layer = oci::describe(layer.media_type, text);
      layer.annotations = annotations;
      layout_.write_blob({layer, text});
    });
  }

  // Bytes of a blob that are no longer what its name says.
  void corrupt(const oci::Digest& digest) {
    const auto path = layout_.blob_path(digest);
    auto bytes = base::read_file(path, 1 << 20);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    base::write_file(path, bytes);
  }

  std::string refusal(const PublicKey& key, const std::string& name = "v1") {
    try {
      verify_image(layout_, tag(name), key, "k.pub");
      return "";
    } catch (const Error& error) {
      CHECK(error.code() == Code::verification);
      auto text = error.message();
      for (const auto& cause : error.causes()) text += "; " + cause;
      return text;
    }
  }

  std::string name(const std::string& suffix) const {
    return "oci:" + directory_.path().native() + suffix;
  }

 private:
  base::TemporaryDirectory directory_;
  oci::Layout layout_{directory_.path() / ""};
};

const auto kKey = PrivateKey::parse(kEd25519Key, "", nullptr);
const auto kOther = PrivateKey::parse(kP384Key, "", nullptr);

oci::Digest only_bundle(SignedLayout& layout) {
  const auto referrers = layout.store().referrers(layout.digest("v1"), "");
  REQUIRE(referrers.size() == 1);
  return referrers.front().digest;
}

oci::Digest signature_of(SignedLayout& layout) {
  return layout.digest(oci::signature_tag(layout.digest("v1")));
}

}  // namespace

TEST_CASE("an image is signed in both forms, once") {
  SignedLayout layout;
  CHECK(layout.refusal(kKey.public_key()) ==
        layout.name("/:v1@" + layout.digest("v1").text()) +
            " is not signed by k.pub; nothing about it is signed");
  const auto made = sign_image(layout.store(), SignedLayout::tag("v1"), kKey, {"acme/a", {}});
  REQUIRE(made.size() == 1);
  CHECK((made.front().made_bundle && made.front().made_tag));
  const auto again = sign_image(layout.store(), SignedLayout::tag("v1"), kKey, {"acme/a", {}});
  CHECK_FALSE((again.front().made_bundle || again.front().made_tag));

  const auto verified =
      verify_image(layout.store(), SignedLayout::tag("v1"), kKey.public_key(), "k.pub");
  CHECK(verified.manifest.digest == layout.digest("v1"));
  REQUIRE(verified.signatures.size() == 2);
  CHECK(verified.signatures[0].form == Form::bundle);
  CHECK(verified.signatures[1].form == Form::tag);
  CHECK(verified.signatures[1].identity == "acme/a");
  CHECK(verified.others.empty());
}

TEST_CASE("of an index all is signed, and each verifies by itself") {
  SignedLayout layout;
  const auto made = sign_image(layout.store(), SignedLayout::tag("all"), kKey, {});
  CHECK(made.size() == 3);
  CHECK(made.front().subject == layout.digest("all"));
  for (const auto& one : made) {
    const auto selector = oci::by_digest(one.subject);
    CHECK_NOTHROW(verify_image(layout.store(), selector, kKey.public_key(), ""));
  }
}

TEST_CASE("signatures of several keys stand side by side") {
  SignedLayout layout;
  sign_image(layout.store(), SignedLayout::tag("v1"), kKey, {});
  sign_image(layout.store(), SignedLayout::tag("v1"), kOther, {});
  for (const auto* key : {&kKey, &kOther}) {
    const auto verified =
        verify_image(layout.store(), SignedLayout::tag("v1"), key->public_key(), "");
    CHECK(verified.signatures.size() == 2);
    CHECK(verified.others.size() == 2);
  }
}

TEST_CASE("an attestation is no signature, and is made once") {
  SignedLayout layout;
  const auto subject = *layout.store().resolve(SignedLayout::tag("v1"));
  CHECK(attest(layout.store(), subject, "https://example.com/p", {{"a", 1}}, kKey, {}));
  CHECK_FALSE(attest(layout.store(), subject, "https://example.com/p", {{"a", 1}}, kKey, {}));
  CHECK(attest(layout.store(), subject, "https://example.com/p", {{"a", 2}}, kKey, {}));
  CHECK(layout.refusal(kKey.public_key()).ends_with("nothing about it is signed"));
  sign_image(layout.store(), SignedLayout::tag("v1"), kKey, {});
  const auto verified =
      verify_image(layout.store(), SignedLayout::tag("v1"), kKey.public_key(), "");
  CHECK(verified.attestations.size() == 2);
}

TEST_CASE("what was tampered with is refused, and which it was is said") {
  SignedLayout layout;
  sign_image(layout.store(), SignedLayout::tag("v1"), kKey, {});
  const auto image = layout.store().fetch_manifest(SignedLayout::tag("v1"));
  const auto manifest = std::get<oci::Manifest>(oci::parse_manifest(image, ""));
  const auto bundle = only_bundle(layout);
  const auto key = kKey.public_key();
  REQUIRE(layout.refusal(key).empty());

  SUBCASE("the manifest's bytes") {
    layout.corrupt(image.descriptor.digest);
    CHECK(layout.refusal(key).find(image.descriptor.digest.text() + " was asked for") == 0);
  }
  SUBCASE("the layer's bytes") {
    layout.corrupt(manifest.layers.front().digest);
    CHECK(layout.refusal(key).find(": a layer or config of it is not what its manifest says; " +
                                   manifest.layers.front().digest.text()) != std::string::npos);
  }
  SUBCASE("the config's bytes") {
    layout.corrupt(manifest.config.digest);
    CHECK(layout.refusal(key).find(manifest.config.digest.text()) != std::string::npos);
  }
  SUBCASE("another layer, under the same tag") {
    layout.forge_layer(image.descriptor.digest, [](std::string& text) { text += "more"; });
    CHECK(layout.refusal(key).ends_with("nothing about it is signed"));
  }
  SUBCASE("the bundle's bytes") {
    layout.corrupt(bundle);
    CHECK(layout.refusal(key).find(bundle.text()) == 0);
  }
  SUBCASE("the payload's bytes") {
    const auto holder = layout.store().fetch_manifest(oci::by_digest(signature_of(layout)));
    const auto payload =
        std::get<oci::Manifest>(oci::parse_manifest(holder, "")).layers.front().digest;
    layout.corrupt(payload);
    CHECK(layout.refusal(key).find(payload.text()) == 0);
  }
}

TEST_CASE("a bundle that says another thing than the key signed is refused") {
  SignedLayout layout;
  sign_image(layout.store(), SignedLayout::tag("v1"), kOther, {});
  const auto bundle = only_bundle(layout);
  const auto end = " of " + layout.name("/@" + layout.digest("v1").text()) +
                   " names this key, and its signature is not of what it says";

  SUBCASE("another statement") {
    layout.forge_layer(bundle, [&](std::string& text) {
      auto value = json::parse(text);
      const auto foreign = make_bundle({{oci::Digest::of("x")}, "p", {}}, kOther);
      value["dsseEnvelope"]["payload"] = json::parse(foreign)["dsseEnvelope"]["payload"];
      text = value.dump();
    });
    CHECK(layout.refusal(kOther.public_key()).ends_with(end));
  }
  SUBCASE("no signature") {
    layout.forge_layer(bundle, [&](std::string& text) {
      auto value = json::parse(text);
      value["dsseEnvelope"]["signatures"] = json::array();
      text = value.dump();
    });
    CHECK(layout.refusal(kOther.public_key()).ends_with(end));
  }
  SUBCASE("one that the key signed for another image") {
    layout.forge_layer(bundle, [&](std::string& text) {
      text = make_bundle({{oci::Digest::of("x")}, std::string(kSignaturePredicate), {}}, kOther);
    });
    CHECK(layout.refusal(kOther.public_key())
              .ends_with(" was signed by this key, and is about another image"));
  }
  SUBCASE("one that cannot be read does not count, and the other form does") {
    layout.forge_layer(bundle, [](std::string& text) { text = "{}"; });
    const auto verified =
        verify_image(layout.store(), SignedLayout::tag("v1"), kOther.public_key(), "");
    CHECK(verified.signatures.size() == 1);
    REQUIRE(verified.others.size() == 1);
    CHECK(verified.others.front().why_not.starts_with("the bundle is of type ``"));
  }
}

TEST_CASE("an older signature for another image does not count") {
  SignedLayout layout;
  sign_image(layout.store(), SignedLayout::tag("all"), kKey, {});
  const auto foreign =
      layout.store().fetch_manifest(SignedLayout::tag(oci::signature_tag(layout.digest("all"))));
  layout.forge(layout.digest("v1"), [](oci::Manifest& manifest) {
    manifest.annotations["a"] = "b";  // an image that nobody signed
  });
  const auto image = layout.digest("v1");
  layout.store().push_manifest(foreign, SignedLayout::tag(oci::signature_tag(image)));
  CHECK(layout.refusal(kKey.public_key()) ==
        layout.name("/:v1@" + image.text()) + " is not signed by k.pub; the older signature in " +
            foreign.descriptor.digest.text() +
            ": about another image: " + layout.digest("all").text());
}

TEST_CASE("a layout's only image is found beside its signatures") {
  base::TemporaryDirectory directory;
  oci::Layout layout(directory.path());
  layout.push(oci::make_image(std::string("a module")), SignedLayout::tag("v1"));
  const auto image = layout.resolve({});
  REQUIRE(image);
  sign_image(layout, {}, kKey, {});
  CHECK(layout.resolve({})->digest == image->digest);
  layout.push(oci::make_image(std::string("another")), SignedLayout::tag("v2"));
  CHECK_FALSE(layout.resolve({}));
}

}  // namespace wasmctl::sign
