#include "registry/credential_helper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/json_member.hpp"
#include "base/printable.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "oci/manifest.hpp"
#include "oci/reference.hpp"
#include "registry/refusal.hpp"

namespace wasmctl::registry {

namespace {

using nlohmann::json;

// A login is some hundred bytes; a helper may ask its user to unlock something first.
constexpr std::size_t kMaxHelperOutput = 1024 * 1024;
constexpr std::chrono::seconds kHelperTime{60};

// What it prints when it succeeds may not reach a message: it may be a secret.
base::Finished run_helper(const CredentialHelper& helper, const char* action, std::string input) {
  const auto legal = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  if (helper.name.empty() || !std::all_of(helper.name.begin(), helper.name.end(), legal)) {
    throw Error(Code::bad_input,
                fmt::format("`{}` is not a credential helper's name", helper.name));
  }
  base::Command command{{helper.program(), action}, {}, std::move(input)};
  command.max_output = kMaxHelperOutput;
  command.time_limit = kHelperTime;
  try {
    return base::run(command);
  } catch (Error& error) {
    if (error.code() != Code::tool_missing) throw;
    error.because(fmt::format("`{}` names it in `{}`", helper.config.native(), helper.key));
    throw error.hint(fmt::format(
        "install it, or take it out of `{}`: logins are then kept in the file itself", helper.key));
  }
}

// As JSON has it, and so what a helper was given.
std::string within_quotes(std::string_view text) {
  const auto quoted = json(std::string(text)).dump();
  return quoted.substr(1, quoted.size() - 2);
}

// The first line of what a helper that failed says about it, on standard output as the protocol has
// it, else on the other. Not what looks like a login, nor what repeats `secret`.
std::string reason_of(const base::Finished& done, std::string_view secret) {
  constexpr auto kNone = std::string_view::npos;
  for (const auto text : {base::trimmed(done.out), base::trimmed(done.err)}) {
    if (text.empty()) continue;
    const auto line = base::trimmed(text.substr(0, text.find('\n')));
    const bool is_login = line.starts_with('{') || line.find("\"Secret\"") != kNone;
    const bool repeats = !secret.empty() &&
                         (line.find(secret) != kNone || line.find(within_quotes(secret)) != kNone);
    if (is_login || repeats) return "";
    return base::printable(line, kMaxShown);
  }
  return "";
}

Error helper_failure(Code code, const CredentialHelper& helper, const char* action,
                     const base::Finished& done, std::string_view secret = {}) {
  auto message = fmt::format("`{} {}` failed", helper.program(), action);
  if (const auto reason = reason_of(done, secret); !reason.empty()) message += ": " + reason;
  return {code, message};
}

json parse_answer(const CredentialHelper& helper, const std::string& text) {
  try {
    auto answer = oci::parse_json(text, "the answer");
    if (answer.is_object()) return answer;
  } catch (const Error&) {  // whose message may quote it
  }
  throw Error(Code::bad_input,
              fmt::format("`{} get` answered with something that is no JSON", helper.program()));
}

}  // namespace

std::string CredentialHelper::program() const {
  return "docker-credential-" + name;
}

std::optional<Credentials> ask_helper(const CredentialHelper& helper, const std::string& registry) {
  const auto done = run_helper(helper, "get", oci::docker_config_key(registry) + "\n");
  if (done.status != 0) {
    if (done.out.find("credentials not found") != std::string::npos) return std::nullopt;
    throw helper_failure(Code::bad_input, helper, "get", done);
  }
  const auto answer = parse_answer(helper, done.out);
  Credentials credentials;
  credentials.source = helper.program();
  credentials.username = base::text_member(answer, "Username");
  credentials.password = base::text_member(answer, "Secret");
  if (credentials.username == "<token>") {
    credentials.username.clear();
    std::swap(credentials.identity_token, credentials.password);
  }
  // Some helpers say so that they know nobody.
  if (credentials.username.empty() && credentials.password.empty() &&
      credentials.identity_token.empty()) {
    return std::nullopt;
  }
  return credentials;
}

void store_in_helper(const CredentialHelper& helper, const std::string& registry,
                     const Credentials& credentials) {
  std::string secret;
  try {
    secret = json{{"ServerURL", oci::docker_config_key(registry)},
                  {"Username", credentials.username},
                  {"Secret", credentials.password}}
                 .dump();
  } catch (const json::exception&) {  // which quotes the secret
    throw Error(Code::bad_input, fmt::format("`{}` cannot keep a user or password that is no UTF-8",
                                             helper.program()))
        .hint(fmt::format("keep it in the file: \"credHelpers\": {{\"{}\": \"\"}} in docker's "
                          "config.json",
                          registry));
  }
  const auto done = run_helper(helper, "store", std::move(secret));
  if (done.status != 0) throw helper_failure(Code::io, helper, "store", done, credentials.password);
}

bool erase_from_helper(const CredentialHelper& helper, const std::string& registry) {
  if (!ask_helper(helper, registry)) return false;
  const auto done = run_helper(helper, "erase", oci::docker_config_key(registry));
  if (done.status != 0) throw helper_failure(Code::io, helper, "erase", done);
  return true;
}

}  // namespace wasmctl::registry
