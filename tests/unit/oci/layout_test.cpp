#include "oci/layout.hpp"

#include <doctest/doctest.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "base/files.hpp"
#include "oci/media_type.hpp"

namespace oci = wasmctl::oci;
namespace base = wasmctl::base;
namespace fs = std::filesystem;
using wasmctl::Code;
using wasmctl::Error;

namespace {

oci::Image image(const std::string& content) {
  return oci::make_image(content);
}

void store(const fs::path& directory, const oci::Image& image, std::optional<std::string> tag) {
  const oci::Layout layout(directory);
  layout.prepare();
  for (const auto& blob : image.blobs) layout.write_blob(blob);
  layout.write_blob(image.manifest);
  layout.add(image.manifest.descriptor, tag);
}

std::optional<std::string> resolve(const fs::path& directory, const std::string& suffix) {
  const auto found =
      oci::Layout(directory).resolve(oci::parse_reference("oci:" + directory.native() + suffix));
  if (!found) return std::nullopt;
  return found->digest.text();
}

nlohmann::json index(const fs::path& directory) {
  return nlohmann::json::parse(base::read_file(directory / "index.json", 1 << 20));
}

std::string refusal(const fs::path& directory, Code code) {
  try {
    oci::Layout(directory).resolve(oci::parse_reference("oci:" + directory.native()));
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.message();
  }
}

}  // namespace

TEST_CASE("what is added to a layout is found by tag, digest, or because it is the only one") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path() / "new" / "layout";
  const auto one = image("one");
  const auto two = image("two");
  store(directory, one, "v1");
  const auto digest = one.manifest.descriptor.digest.text();
  CHECK(resolve(directory, ":v1") == digest);
  CHECK(resolve(directory, "") == digest);
  CHECK(resolve(directory, ":v2") == std::nullopt);
  CHECK(resolve(directory, "@" + digest) == digest);
  CHECK(resolve(directory, "@" + one.blobs[0].descriptor.digest.text().replace(10, 1, "0")) ==
        std::nullopt);

  store(directory, two, "latest");
  CHECK(resolve(directory, "") == two.manifest.descriptor.digest.text());
  CHECK(oci::Layout(directory).tags() == std::vector<std::string>{"latest", "v1"});
  CHECK(base::read_file(directory / "oci-layout", 100) == R"({"imageLayoutVersion":"1.0.0"})");
}

TEST_CASE("a tag moves; the same push again changes nothing") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path() / "layout";
  store(directory, image("one"), "v1");
  const auto before = base::read_file(directory / "index.json", 1 << 20);
  store(directory, image("one"), "v1");
  CHECK(base::read_file(directory / "index.json", 1 << 20) == before);
  store(directory, image("two"), "v1");
  CHECK(index(directory)["manifests"].size() == 1);
  CHECK(resolve(directory, ":v1") == image("two").manifest.descriptor.digest.text());
  store(directory, image("two"), "v2");
  store(directory, image("two"), std::nullopt);
  CHECK(index(directory)["manifests"].size() == 2);
}

TEST_CASE("what is listed without a tag does not keep the one of where it comes from") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path() / "layout";
  store(directory, image("one"), "v1");
  auto two = image("two");
  two.manifest.descriptor.annotations = {{"org.opencontainers.image.ref.name", "v1"}, {"a", "b"}};
  store(directory, two, std::nullopt);
  const auto digest = two.manifest.descriptor.digest.text();
  CHECK(resolve(directory, ":v1") == image("one").manifest.descriptor.digest.text());
  CHECK(resolve(directory, "@" + digest) == digest);
  CHECK(index(directory)["manifests"][1]["annotations"] == nlohmann::json{{"a", "b"}});
}

TEST_CASE("what other tools wrote into index.json is kept") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path();
  base::write_file(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0","x":1})");
  base::write_file(directory / "index.json",
                   R"({"schemaVersion":2,"unknown":[1],"manifests":["odd",)"
                   R"({"mediaType":"a/b","digest":"sha512:00","size":1,"more":true}]})");
  store(directory, image("one"), "v1");
  auto after = index(directory);
  after["manifests"].erase(2);
  CHECK(after == nlohmann::json::parse(
                     R"({"schemaVersion":2,"unknown":[1],"manifests":["odd",)"
                     R"({"mediaType":"a/b","digest":"sha512:00","size":1,"more":true}]})"));
}

TEST_CASE("what a killed push leaves is finished by the next") {
  const base::TemporaryDirectory temporary;
  const auto one = image("one");
  const auto index_text = R"({"schemaVersion":2,"manifests":[]})";
  const std::vector<std::vector<std::pair<const char*, const char*>>> leftovers = {
      {{"index.json", index_text}},
      {{"oci-layout.AbC123", ""}},
      {{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}, {"index.json.AbC123", "{"}},
  };
  for (std::size_t i = 0; i < leftovers.size(); ++i) {
    CAPTURE(i);
    const auto directory = temporary.path() / std::to_string(i);
    base::make_directories(directory);
    for (const auto& [name, text] : leftovers[i]) base::write_file(directory / name, text);
    store(directory, one, "v1");
    CHECK(resolve(directory, ":v1") == one.manifest.descriptor.digest.text());
  }
  const auto foreign = temporary.path() / "foreign";
  base::make_directories(foreign);
  base::write_file(foreign / "index.json", "{}");
  CHECK_THROWS_AS(oci::Layout(foreign).prepare(), Error);
  CHECK_FALSE(fs::exists(foreign / "oci-layout"));
}

TEST_CASE("a list of entries that Go wrote as null is empty") {
  const base::TemporaryDirectory temporary;
  const auto& directory = temporary.path();
  base::write_file(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  base::write_file(directory / "index.json", R"({"schemaVersion":2,"manifests":null})");
  CHECK(oci::Layout(directory).tags().empty());
  CHECK(resolve(directory, ":v1") == std::nullopt);
  store(directory, image("one"), "v1");
  CHECK(resolve(directory, ":v1").has_value());
}

TEST_CASE("referrers are found beside entries that cannot be read") {
  const base::TemporaryDirectory temporary;
  const auto& directory = temporary.path();
  const auto one = image("one");
  store(directory, one, "v1");
  oci::Manifest manifest;
  manifest.media_type = oci::media_type::kOciManifest;
  manifest.config = one.blobs[0].descriptor;
  manifest.subject = one.manifest.descriptor;
  const auto text = oci::to_json_text(manifest);
  const oci::Blob referrer{oci::describe(manifest.media_type, text), text};
  oci::Layout layout(directory);
  layout.write_blob(referrer);

  auto odd = index(directory);
  const auto entry = [](const std::string& digest) {
    return nlohmann::json{
        {"mediaType", oci::media_type::kOciManifest}, {"digest", digest}, {"size", 3}};
  };
  odd["manifests"].push_back("odd");
  odd["manifests"].push_back(entry("sha512:00"));
  odd["manifests"].push_back(entry(oci::Digest::of("nowhere").text()));
  base::write_file(directory / "index.json", odd.dump());
  layout.add(referrer.descriptor, std::nullopt);
  const auto found = layout.referrers(one.manifest.descriptor.digest, "");
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == referrer.descriptor.digest);
}

TEST_CASE("an image that is listed more than once is the only one all the same") {
  const base::TemporaryDirectory temporary;
  const auto& directory = temporary.path();
  store(directory, image("one"), std::nullopt);
  auto twice = index(directory);
  twice["manifests"].push_back(twice["manifests"][0]);
  twice["manifests"][1]["annotations"] = {{"org.example/by", "another tool"}};
  base::write_file(directory / "index.json", twice.dump());
  CHECK(resolve(directory, "") == image("one").manifest.descriptor.digest.text());

  store(directory, image("two"), std::nullopt);
  CHECK(resolve(directory, "") == std::nullopt);
  auto digests = {image("one").manifest.descriptor.digest.text(),
                  image("two").manifest.descriptor.digest.text()};
  try {
    oci::Layout(directory).fetch_manifest({});
    FAIL("there is no such image");
  } catch (const Error& error) {
    CHECK(error.hints() ==
          std::vector<std::string>{fmt::format("name one by its digest: {}",
                                               fmt::join(std::set<std::string>(digests), ", "))});
  }
}

TEST_CASE("index.json is not two lists at once") {
  const base::TemporaryDirectory temporary;
  const auto& directory = temporary.path();
  base::write_file(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  base::write_file(directory / "index.json",
                   R"({"schemaVersion":2,"manifests":[],"Manifests":[]})");
  CHECK(refusal(directory, Code::bad_input) ==
        "`" + (directory / "index.json").native() +
            "` has the key `Manifests`, which other readers take for `manifests`");
}

TEST_CASE("a pipe in a layout is not waited for") {
  const base::TemporaryDirectory temporary;
  const auto one = image("one");
  for (const auto* const name : {"oci-layout", "index.json"}) {
    CAPTURE(name);
    const auto directory = temporary.path() / name;
    store(directory, one, "v1");
    fs::remove(directory / name);
    REQUIRE(mkfifo((directory / name).c_str(), 0600) == 0);
    CHECK(refusal(directory, Code::bad_input) ==
          "`" + (directory / name).native() + "` is not a regular file");
  }
  const auto directory = temporary.path() / "blobs";
  store(directory, one, "v1");
  const oci::Layout layout(directory);
  const auto& layer = one.blobs[0];
  const auto path = layout.blob_path(layer.descriptor.digest);
  fs::remove(path);
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const auto want = "`" + path.native() + "` is not a regular file";
  CHECK_THROWS_WITH_AS(layout.read_blob(layer.descriptor), want.c_str(), Error);
  CHECK_THROWS_WITH_AS(layout.write_blob(layer), want.c_str(), Error);
}

TEST_CASE("a link in a layout that came from elsewhere is replaced, and not written through") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path() / "layout";
  const auto mine = temporary.path() / "mine";
  const auto one = image("one");
  store(directory, one, "v1");
  const oci::Layout layout(directory);
  const auto blob = layout.blob_path(one.blobs[0].descriptor.digest);
  for (const auto& path : {blob, directory / "index.json"}) {
    CAPTURE(path);
    const auto text = path == blob ? std::string("mine") : base::read_file(path, 10000);
    base::write_file(mine, text);
    fs::remove(path);
    fs::create_symlink(mine, path);
    store(directory, one, path == blob ? "v2" : "v3");
    CHECK(base::read_file(mine, 10000) == text);
    CHECK_FALSE(fs::is_symlink(path));
  }
}

TEST_CASE("of many pushes at once none is lost") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path() / "layout";
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [&, i] { store(directory, image(std::to_string(i)), fmt::format("v{}", i)); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(oci::Layout(directory).tags() ==
        std::vector<std::string>{"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7"});
}

TEST_CASE("a corrupted blob is told from a good one") {
  const base::TemporaryDirectory temporary;
  const auto directory = temporary.path() / "layout";
  const auto one = image("one");
  store(directory, one, "v1");
  const oci::Layout layout(directory);
  const auto& layer = one.blobs[0];
  CHECK(layout.read_blob(layer.descriptor).view() == layer.content.view());
  std::string wrong(layer.content.view());
  wrong[0] = 'x';
  base::write_file(layout.blob_path(layer.descriptor.digest), wrong);
  CHECK_THROWS_WITH_AS(layout.read_blob(layer.descriptor),
                       (layer.descriptor.digest.text() + " was asked for, but the bytes are " +
                        oci::Digest::of(wrong).text())
                           .c_str(),
                       Error);
  layout.write_blob(layer);  // heals it
  CHECK(layout.read_blob(layer.descriptor).view() == layer.content.view());
}

TEST_CASE("what is no layout is refused, and left alone") {
  const base::TemporaryDirectory temporary;
  const auto& root = temporary.path();
  const auto name = [&](const char* directory) { return (root / directory).native(); };

  CHECK(refusal(root / "none", Code::not_found) ==
        "there is not an image layout `" + name("none") + "`");

  base::make_directories(root / "other");
  base::write_file(root / "other/file", "x");
  CHECK(refusal(root / "other", Code::bad_input) ==
        "`" + name("other") + "` is not an image layout: it has no file `oci-layout`");
  CHECK_THROWS_WITH_AS(oci::Layout(root / "other").prepare(),
                       ("`" + name("other") +
                        "` is not an image layout: it has other files and no "
                        "`oci-layout`")
                           .c_str(),
                       Error);

  base::make_directories(root / "future");
  base::write_file(root / "future/oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  CHECK(refusal(root / "future", Code::bad_input) ==
        "`" + name("future") +
            "` is not an image layout: its `oci-layout` has another version than 1.0.0");

  base::write_file(root / "future/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(refusal(root / "future", Code::not_found) ==
        "cannot read `" + name("future/index.json") + "`: No such file or directory");
  base::write_file(root / "future/index.json", R"({"manifests":{}})");
  CHECK(refusal(root / "future", Code::bad_input) ==
        "`" + name("future") +
            "` is not an image layout: its `index.json` has no list `manifests`");
}
