#include "sign/simple_signing.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json_member.hpp"
#include "oci/manifest.hpp"

namespace wasmctl::sign {

namespace {

constexpr std::string_view kSimpleType = "cosign container image signature";

}  // namespace

std::string to_json_text(const SimplePayload& payload) {
  return nlohmann::json{{"critical",
                         {{"identity", {{"docker-reference", payload.identity}}},
                          {"image", {{"docker-manifest-digest", payload.digest.text()}}},
                          {"type", kSimpleType}}},
                        {"optional", nullptr}}
      .dump();
}

SimplePayload parse_simple_payload(std::string_view text) {
  const auto value = oci::parse_json(text, "the payload");
  const auto critical = value.is_object() ? value.value("critical", nlohmann::json()) : value;
  if (!critical.is_object() || base::text_member(critical, "type") != kSimpleType) {
    throw Error(Code::bad_input, "the payload is not a signature of an image");
  }
  const auto member = [&](const char* object, const char* key) {
    const auto found = critical.value(object, nlohmann::json());
    return found.is_object() ? base::text_member(found, key) : "";
  };
  return {oci::Digest::parse(member("image", "docker-manifest-digest")),
          member("identity", "docker-reference")};
}

}  // namespace wasmctl::sign
