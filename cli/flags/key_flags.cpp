#include "cli/flags/key_flags.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "cli/terminal.hpp"

namespace wasmctl::cli {

namespace {

constexpr std::string_view kVariableScheme = "env://";
constexpr char kPasswordVariable[] = "COSIGN_PASSWORD";

std::string key_text(Context& context, const std::string& name) {
  if (!name.starts_with(kVariableScheme)) {
    if (name.find("://") == std::string::npos) return base::read_file(name, sign::kMaxKeyBytes);
    throw Error(Code::usage,
                fmt::format("expected a key as a FILE or env://VARIABLE, not `{}`", name))
        .hint("keys that a server keeps are cosign's alone: `cosign sign --key URI`");
  }
  const auto variable = name.substr(kVariableScheme.size());
  base::withhold(variable);
  if (auto text = context.env(variable)) return *std::move(text);
  throw Error(Code::not_found, fmt::format("{}: the variable is not set", name));
}

// Where the password comes from, for the hint if it is wrong.
struct Secret {
  std::string text;
  std::string_view source;
};

Secret key_password(Context& context, const std::string& name) {
  if (auto password = context.env(kPasswordVariable)) {
    return {*std::move(password), "the password is that of $COSIGN_PASSWORD"};
  }
  const auto question = fmt::format("Password of {}: ", name);
  if (auto password = ask_on_terminal(question, Echo::off)) return {*std::move(password), ""};
  return {"", "there is no terminal to ask on: set COSIGN_PASSWORD"};
}

}  // namespace

sign::PublicKey read_public_key(Context& context, const std::string& name) {
  return sign::PublicKey::parse(key_text(context, name), name);
}

sign::PrivateKey read_private_key(Context& context, const std::string& name) {
  const auto text = key_text(context, name);
  std::string_view source;
  try {
    return sign::PrivateKey::parse(text, name, [&] {
      auto secret = key_password(context, name);
      source = secret.source;
      return std::move(secret.text);
    });
  } catch (Error& error) {
    if (!source.empty()) error.hint(std::string(source));
    throw;
  }
}

std::string new_password(Context& context) {
  if (auto password = context.env(kPasswordVariable)) return *std::move(password);
  auto password = ask_on_terminal("Password for the new key: ", Echo::off);
  if (!password) {
    throw Error(Code::usage, "there is no terminal to ask for the password of the new key")
        .hint("set COSIGN_PASSWORD; an empty one leaves the key without protection");
  }
  if (password != ask_on_terminal("The same again: ", Echo::off)) {
    throw Error(Code::usage, "the two passwords differ");
  }
  return *std::move(password);
}

}  // namespace wasmctl::cli
