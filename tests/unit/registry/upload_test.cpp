#include "registry/upload.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "oci/store.hpp"
#include "registry/client.hpp"
#include "script.hpp"

using namespace wasmctl;            // NOLINT(google-build-using-namespace)
using namespace wasmctl::registry;  // NOLINT(google-build-using-namespace)
using test::Answer;
using test::Exchange;
using Kind = http::TransportError::Kind;

namespace {

constexpr std::size_t kSmall = 100;
constexpr std::size_t kLarge = 200'000;
const test::Headers kUpload = {{"location", "/u/1"}};
const std::string kLost = R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]})";

struct Upload {
  const char* name;
  std::size_t size;
  std::uint64_t chunk_bytes;
  std::vector<Exchange> script;
  // What the registry says when it is asked whether it has the blob, one time after the other.
  std::vector<bool> there = {};
  std::string want = {};  // the error; empty: none
};

// The error, or "".
std::string run(const Upload& row) {
  oci::Blob blob{oci::describe("application/octet-stream", std::string(row.size, 'x')), {}};
  blob.content = std::string(row.size, 'x');
  auto script = row.script;
  const auto digest = http::percent_encode(blob.descriptor.digest.text());
  for (auto& exchange : script) {
    const auto place = exchange.asked.find("digest=D");
    if (place != std::string::npos) exchange.asked.replace(place + 7, 1, digest);
  }
  test::Script network(std::move(script));
  Options options;
  options.plain_http = true;
  options.env = [](const std::string&) { return std::nullopt; };
  options.network = [&](const http::Options&) { return network.network(); };
  RegistryClient client(test::kHost, "a", options);
  Call open;
  open.request.method = "POST";
  open.request.url = client.url("/u/");
  open.request.body = http::Body();
  open.action = "cannot push";
  UploadRecord record;
  std::size_t asked = 0;
  BlobUpload upload(client, open, blob, row.chunk_bytes, record, [&] {
    REQUIRE(asked < row.there.size());
    return row.there[asked++];
  });
  std::string error;
  try {
    upload.run(wasmctl::oci::Presence::absent);
  } catch (const Error& thrown) {
    error = format_error(thrown);
  }
  network.check_done();
  CHECK(asked == row.there.size());
  return error;
}

}  // namespace

TEST_CASE("an upload takes the way that the registry takes") {
  const Upload rows[] = {
      {"a small blob rides on the POST", kSmall, 0, {{"POST /u/?digest=D +100", Answer{201}}}},
      {"a registry that does not know that",
       kSmall,
       0,
       {{"POST /u/?digest=D +100", Answer{202, kUpload}}, {"PUT /u/1?digest=D +100", Answer{201}}}},
      {"one that refuses it",
       kSmall,
       0,
       {{"POST /u/?digest=D +100", Answer{405}},
        {"POST /u/", Answer{202, kUpload}},
        {"PUT /u/1?digest=D +100", Answer{201}}}},
      {"one that hangs up",
       kSmall,
       0,
       {{"POST /u/?digest=D +100", Kind::silent},
        {"POST /u/", Answer{202, kUpload}},
        {"PUT /u/1?digest=D +100", Answer{201}}}},
      {"a large blob",
       kLarge,
       0,
       {{"POST /u/", Answer{202, kUpload}}, {"PUT /u/1?digest=D +200000", Answer{201}}}},
      {"in chunks",
       kLarge,
       100'000,
       {{"POST /u/", Answer{202, kUpload}},
        {"PATCH /u/1 0-99999 +100000", Answer{202, {{"location", "/u/2"}, {"range", "0-99999"}}}},
        {"PATCH /u/2 100000-199999 +100000", Answer{202}},
        {"PUT /u/2?digest=D", Answer{201}}}},
      {"in chunks that the registry wants larger",
       kLarge,
       1000,
       {{"POST /u/", Answer{202, {{"location", "/u/1"}, {"oci-chunk-min-length", "150000"}}}},
        {"PATCH /u/1 0-149999 +150000", Answer{202}},
        {"PATCH /u/1 150000-199999 +50000", Answer{202}},
        {"PUT /u/1?digest=D", Answer{201}}}},
      {"a Location with a blank",
       kLarge,
       0,
       {{"POST /u/", Answer{202, {{"location", "/u/1?state=a b"}}}},
        {"PUT /u/1?state=a%20b&digest=D +200000", Answer{201}}}},
      {"a Location that is none",
       kLarge,
       0,
       {{"POST /u/", Answer{202, {{"location", "file:///etc/passwd"}}}}},
       {},
       "error: cannot push: `r.example` opened an upload, but does not say where\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(run(row) == row.want);
  }
}

TEST_CASE("an upload takes answers that are not quite the specification's") {
  for (const int status : {200, 201, 202, 204}) {
    CAPTURE(status);
    // 201 for a chunk is no end of the blob.
    CHECK(run({"",
               kLarge,
               100'000,
               {{"POST /u/", Answer{status, kUpload}},
                {"PATCH /u/1 0-99999 +100000", Answer{status}},
                {"PATCH /u/1 100000-199999 +100000", Answer{status}},
                {"PUT /u/1?digest=D", Answer{201}}}}) == "");
    if (status == 201) continue;
    const std::vector<Exchange> put = {{"POST /u/", Answer{202, kUpload}},
                                       {"PUT /u/1?digest=D +200000", Answer{status}}};
    CHECK(run({"stored", kLarge, 0, put, {true}}) == "");
    auto again = put;
    again.push_back({"GET /u/1", Answer{404}});
    again.insert(again.end(), put.begin(), put.end());
    CHECK(run({"stored the second time", kLarge, 0, again, {false, false, true}}) == "");
    auto never = put;
    for (int i = 0; i < http::kMaxRetries; ++i) {
      never.push_back({"GET /u/1", Answer{404}});
      never.insert(never.end(), put.begin(), put.end());
    }
    CHECK(run({"never stored", kLarge, 0, never, std::vector<bool>(7, false)}) ==
          fmt::format("error: cannot push: the registry answered {}, but does not have {}\n",
                      status, oci::Digest::of(std::string(kLarge, 'x')).text()));
  }
  CHECK(run({"a page", kLarge, 0, {{"POST /u/", Answer{200, {{"content-type", "text/html"}}}}}}) ==
        "error: cannot push: `r.example` answered 200 with a web page\n"
        "hint: check that `r.example` is the registry's address, and that no proxy answers for "
        "it\n");
}

TEST_CASE("an upload goes on from what the registry says that it has") {
  const struct {
    const char* range;
    std::string next;  // range; or the error
  } cases[] = {
      {"0-99999", "100000-199999 +100000"},
      {"bytes=0-99999", "100000-199999 +100000"},
      {"0-100000", "100000-199999 +100000"},  // as one counts from 1
      {"0-99998", "100000-199999 +100000"},
      {"0-0", "100000-199999 +100000"},  // says nothing
      {"", "100000-199999 +100000"},
      {"soon", "100000-199999 +100000"},
      {"0-49999", "50000-149999 +100000"},
      {"0-100001",
       "error: cannot push: after bytes 0 to 99999 the registry says that it has 100002\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.range);
    const bool fails = c.next.starts_with("error");
    Upload row{"",
               kLarge,
               100'000,
               {{"POST /u/", Answer{202, kUpload}},
                {"PATCH /u/1 0-99999 +100000", Answer{202, {{"range", c.range}}}}}};
    if (!fails) row.script.push_back({"PATCH /u/1 " + c.next, Answer{400}});
    CHECK(run(row) == (fails ? c.next : "error: cannot push: the registry answered 400\n"));
  }
}

TEST_CASE("what may have arrived is never sent again blindly") {
  const Exchange open = {"POST /u/", Answer{202, kUpload}};
  const std::string put = "PUT /u/1?digest=D +200000";
  const Upload rows[] = {
      {"it arrived", kLarge, 0, {open, {put, Kind::broken}}, {true}},
      {"a part of it arrived",
       kLarge,
       0,
       {open,
        {put, Kind::broken},
        {"GET /u/1", Answer{204, {{"range", "0-999"}}}},
        {"PATCH /u/1 1000-199999 +199000", Answer{202}},
        {"PUT /u/1?digest=D", Answer{201}}},
       {false}},
      {"nobody knows of it",
       kLarge,
       0,
       {open, {put, Kind::broken}, {"GET /u/1", Answer{404}}, open, {put, Answer{201}}},
       {false}},
      {"the registry has lost the upload",
       kLarge,
       0,
       {open, {put, Answer{404, {}, kLost}}, open, {put, Answer{201}}},
       {false}},
      {"what others sent was something else",
       kLarge,
       0,
       {open,
        {put, Kind::broken},
        {"GET /u/1", Answer{204, {{"range", "0-999"}}}},
        {"PATCH /u/1 1000-199999 +199000", Answer{202}},
        {"PUT /u/1?digest=D", Answer{400}},
        open,
        {put, Answer{201}}},
       {false, false}},
      {"a registry in trouble",
       kLarge,
       0,
       {open,
        {put, Answer{503}},
        {"GET /u/1", Answer{503}},
        {"GET /u/1", Answer{503}},
        {"GET /u/1", Answer{503}},
        {"GET /u/1", Answer{503}},
        open,
        {put, Answer{201}}},
       {false}},
      {"too large a request",
       kLarge,
       0,
       {open,
        {put, Answer{413}},
        open,
        {"PATCH /u/1 0-99999 +100000", Answer{202}},
        {"PATCH /u/1 100000-199999 +100000", Answer{413}},
        open,
        {"PATCH /u/1 0-65535 +65536", Answer{202}},
        {"PATCH /u/1 65536-131071 +65536", Answer{202}},
        {"PATCH /u/1 131072-196607 +65536", Answer{202}},
        {"PATCH /u/1 196608-199999 +3392", Answer{202}},
        {"PUT /u/1?digest=D", Answer{201}}},
       {false, false}},
      {"a refusal",
       kLarge,
       0,
       {open, {put, Answer{404, {}, R"({"errors":[{"code":"BLOB_UNKNOWN"}]})"}}},
       {},
       "error: cannot push: the registry answered 404 BLOB_UNKNOWN\n"
       "hint: some registries take a blob in chunks alone: `--chunk-size 5MB`\n"},
      {"a refusal of who asks",
       kLarge,
       0,
       {open, {put, Answer{403}}},
       {},
       "error: cannot push: the registry answered 403\n"
       "  caused by: it was asked without a login\n"
       "hint: log in with the right to do so: `wasmctl login r.example`\n"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(run(row) == row.want);
  }
}
