// Exceptions, as a plugin's author expects them: caught where they are caught, with all destructors run.
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "proxy_wasm_intrinsics.h"

namespace {

struct Loud {
  std::string &log;
  ~Loud() { log += " destroyed"; }
};

struct Base {
  virtual ~Base() = default;
};
struct Other {
  virtual ~Other() = default;
  int other = 7;
};
struct Derived : Base, Other {};

[[gnu::noinline]] int fail(std::string &log, int depth) {
  Loud loud{log};
  if (depth > 0) return fail(log, depth - 1) + 1;
  throw std::runtime_error("deep down");
}

std::string standard() {
  std::string r;
  try {
    fail(r, 2);
  } catch (const std::exception &e) {
    r += std::string(" ") + e.what();
  }
  const auto number = [&r](const char *text) {
    try {
      r += " " + std::to_string(std::stoi(text));
    } catch (const std::invalid_argument &e) {
      r += std::string(" ") + e.what();
    } catch (const std::out_of_range &e) {
      r += std::string(" ") + e.what();
    }
  };
  number("12x");
  number("x");
  number("99999999999");
  try {
    r += std::to_string(std::stod("1e999"));
  } catch (const std::logic_error &e) {
    r += std::string(" ") + e.what();
  }
  try {
    r += std::string("abc").at(3);
  } catch (const std::out_of_range &) {
    r += " string::at";
  }
  try {
    r += std::string("abc").substr(4);
  } catch (const std::out_of_range &) {
    r += " substr";
  }
  try {
    r += std::to_string(std::vector<int>(3).at(3));
  } catch (const std::out_of_range &) {
    r += " vector::at";
  }
  try {
    r += std::to_string(std::map<int, int>{}.at(1));
  } catch (...) {
    r += " map::at";
  }
  try {
    r += std::to_string(std::optional<int>().value());
  } catch (const std::bad_optional_access &) {
    r += " optional";
  }
  try {
    std::variant<int, std::string> v = 1;
    r += std::get<std::string>(v);
  } catch (const std::bad_variant_access &) {
    r += " variant";
  }
  try {
    std::function<void()>()();
  } catch (const std::bad_function_call &) {
    r += " function";
  }
  return r;
}

std::string language() {
  std::string r;
  try {
    try {
      throw Derived();
    } catch (Other &other) {  // not the first base: the address moves
      r += "other" + std::to_string(other.other);
      other.other = 8;
      throw;
    }
  } catch (const Derived &derived) {
    r += " again" + std::to_string(derived.other);
  }
  try {
    try {
      throw 3;
    } catch (const char *) {
      r += " wrong";
    }
  } catch (long) {
    r += " wrong";
  } catch (int i) {
    r += " int" + std::to_string(i);
  }
  try {
    throw "text";
  } catch (const char *text) {
    r += std::string(" ") + text;
  }
  try {
    throw static_cast<Derived *>(nullptr);
  } catch (Base *) {
    r += " pointer";
  }
  try {
    try {
      throw 1;
    } catch (int) {
      throw 2;  // the first one ends here
    }
  } catch (int i) {
    r += " second" + std::to_string(i);
  }
  for (int i = 0; i < 3; ++i) {
    try {
      try {
        throw std::make_unique<int>(i);
      } catch (const std::unique_ptr<int> &) {
        throw;
      }
    } catch (std::unique_ptr<int> &p) {
      r += " " + std::to_string(*p);
    }
  }
  try {
    Base base;
    Base &reference = base;
    r += dynamic_cast<Derived &>(reference).other > 0 ? " wrong" : " wrong";
  } catch (const std::bad_cast &) {
    r += " bad_cast";
  }
  return r;
}

class Exceptions : public Context {
public:
  using Context::Context;

  FilterHeadersStatus onRequestHeaders(uint32_t, bool) override {
    const auto test = getRequestHeader("x-test")->toString();
    std::string result = "?";
    if (test == "standard") result = standard();
    if (test == "language") result = language();
    if (test == "uncaught") throw std::runtime_error("nobody wants it");
    if (test == "uncaught number") throw 5;
    if (test == "noexcept") {
      [&]() noexcept { fail(result, 0); }();
    }
    sendLocalResponse(200, "", result, {});
    return FilterHeadersStatus::StopIteration;
  }
};

RegisterContextFactory register_exceptions(CONTEXT_FACTORY(Exceptions));

}  // namespace
