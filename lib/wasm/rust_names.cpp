#include "wasm/rust_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace wasmctl::wasm {

namespace {

// `17h` and the 16 digits of a hash, the last component of a path in Rust's older scheme.
bool is_hash(std::string_view component) {
  return component.size() == 17 && component[0] == 'h' &&
         component.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

// The older scheme spells what C++'s does not know between dollar signs, `::` as two dots.
std::string decode_legacy(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kSpelled[] = {
      {"$LT$", "<"},  {"$GT$", ">"},  {"$RF$", "&"},  {"$BP$", "*"},
      {"$C$", ","},   {"$LP$", "("},  {"$RP$", ")"},  {"$u20$", " "},
      {"$u7b$", "{"}, {"$u7d$", "}"}, {"$u5b$", "["}, {"$u5d$", "]"},
      {"$u27$", "'"}, {"$u3b$", ";"}, {"$u2b$", "+"}, {"..", "::"}};
  std::string text;
  while (!name.empty()) {
    const auto* const found =
        std::find_if(std::begin(kSpelled), std::end(kSpelled),
                     [&](const auto& row) { return name.starts_with(row.first); });
    if (found != std::end(kSpelled)) {
      text += found->second;
      name.remove_prefix(found->first.size());
    } else {
      const bool mark = name.starts_with("_$") && (text.empty() || text.ends_with("::"));
      if (!mark) text += name.front();
      name.remove_prefix(1);
    }
  }
  return text;
}

// The digits of base 62 are 0-9, a-z, A-Z; 62 for any other letter.
std::uint64_t digit_62(char c) {
  constexpr std::string_view kDigits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return std::min(kDigits.find(c), kDigits.size());
}

std::string_view basic_type(char tag) {
  constexpr std::pair<char, std::string_view> kTypes[] = {
      {'a', "i8"},   {'b', "bool"},  {'c', "char"},  {'d', "f64"}, {'e', "str"}, {'f', "f32"},
      {'h', "u8"},   {'i', "isize"}, {'j', "usize"}, {'l', "i32"}, {'m', "u32"}, {'n', "i128"},
      {'o', "u128"}, {'p', "_"},     {'s', "i16"},   {'t', "u16"}, {'u', "()"},  {'v', "..."},
      {'x', "i64"},  {'y', "u64"},   {'z', "!"}};
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const auto& row) { return row.first == tag; });
  return found == std::end(kTypes) ? std::string_view() : found->second;
}

void put_utf8(std::string& text, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto rest = [&](unsigned shift) { put(0x80U | ((point >> shift) & 0x3fU)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0U | point >> 6U);
  } else if (point < 0x10000) {
    put(0xe0U | point >> 12U);
    rest(6);
  } else {
    put(0xf0U | point >> 18U);
    rest(12);
    rest(6);
  }
  rest(0);
}

bool is_character(std::uint64_t point) {
  return point < 0xd800 || (point > 0xdfff && point <= 0x10ffff);
}

// Letters beyond ASCII in an identifier. Source: RFC 3492, with `_` for the delimiter `-`.
std::optional<std::string> decode_punycode(std::string_view text) {
  constexpr std::uint64_t kBase = 36;
  constexpr std::uint64_t kLeast = 1;
  constexpr std::uint64_t kMost = 26;
  constexpr std::size_t kMaxLetters = 256;  // inserting is quadratic
  const auto delimiter = text.rfind('_');
  std::vector<std::uint32_t> letters;
  if (delimiter != std::string_view::npos) {
    letters.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(delimiter));
    text.remove_prefix(delimiter + 1);
  }
  std::uint64_t point = 128;
  std::uint64_t at = 0;
  std::uint64_t bias = 72;
  for (bool first = true; !text.empty(); first = false) {
    const auto before = at;
    std::uint64_t weight = 1;
    for (auto k = kBase;; k += kBase) {
      if (text.empty()) return std::nullopt;
      const char c = text.front();
      text.remove_prefix(1);
      const bool is_letter = c >= 'a' && c <= 'z';
      if (!is_letter && (c < '0' || c > '9')) return std::nullopt;
      const auto digit = static_cast<std::uint64_t>(is_letter ? c - 'a' : c - '0' + 26);
      at += digit * weight;
      const auto threshold = k <= bias ? kLeast : std::min(k - bias, kMost);
      if (digit < threshold) break;
      weight *= kBase - threshold;
      if (at > UINT32_MAX || weight > UINT32_MAX) return std::nullopt;
    }
    const auto count = letters.size() + 1;
    auto delta = (at - before) / (first ? 700 : 2);
    delta += delta / count;
    bias = 0;
    for (; delta > (kBase - kLeast) * kMost / 2; bias += kBase) delta /= kBase - kLeast;
    bias += (kBase - kLeast + 1) * delta / (delta + 38);
    point += at / count;
    at %= count;
    if (!is_character(point) || count > kMaxLetters) return std::nullopt;
    letters.insert(letters.begin() + static_cast<std::ptrdiff_t>(at++),
                   static_cast<std::uint32_t>(point));
  }
  std::string result;
  for (const auto letter : letters) put_utf8(result, letter);
  return result;
}

class V0 {
 public:
  // Without the `_R` and what stands behind the name.
  explicit V0(std::string_view symbol) : symbol_(symbol) {}

  std::optional<std::string> demangle() {
    path(Use::value);
    if (good_ && at_ < symbol_.size()) skip_path();  // the crate that made this instance
    if (!good_ || at_ < symbol_.size()) return std::nullopt;
    return std::move(text_);
  }

 private:
  enum class Use { value, type };  // `load::<u8>` is a function, `Vec<u8>` a type

  static constexpr std::size_t kMaxText = 16U << 10U;
  static constexpr std::size_t kMaxDepth = 200;
  static constexpr std::size_t kMaxSteps = 20'000;

  // One level down: ends the walk where a name is none any more.
  class Level {
   public:
    explicit Level(V0& name) : name_(name) {
      if (++name_.depth_ > kMaxDepth || ++name_.steps_ > kMaxSteps) name_.fail();
    }
    ~Level() { --name_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    V0& name_;
  };

  void fail() {
    good_ = false;
    at_ = symbol_.size();
  }
  char peek() const { return at_ < symbol_.size() ? symbol_[at_] : '\0'; }
  char next() {
    const char c = peek();
    if (c == '\0') fail();
    ++at_;
    return c;
  }
  bool eat(char c) {
    if (peek() != c || !good_) return false;
    ++at_;
    return true;
  }
  void put(std::string_view text) {
    if (!good_ || silent_ > 0) return;
    text_ += text;
    if (text_.size() > kMaxText) fail();
  }

  // "_" is 0, "0_" 1, "1_" 2 ...
  std::uint64_t base_62() {
    if (eat('_')) return 0;
    std::uint64_t value = 0;
    while (good_ && !eat('_')) {
      const auto digit = digit_62(next());
      if (digit == 62 || value > UINT32_MAX) fail();
      value = value * 62 + digit;
    }
    return value + 1;
  }
  std::uint64_t optional_base_62(char tag) { return eat(tag) ? base_62() + 1 : 0; }

  std::string identifier() {
    const bool is_punycode = eat('u');
    std::uint64_t size = 0;
    if (peek() < '0' || peek() > '9') fail();
    if (!eat('0')) {
      while (peek() >= '0' && peek() <= '9' && size <= symbol_.size()) {
        size = size * 10 + static_cast<std::uint64_t>(next() - '0');
      }
    }
    eat('_');
    if (!good_ || size > symbol_.size() - at_) {
      fail();
      return {};
    }
    const auto text = symbol_.substr(at_, size);
    at_ += size;
    if (!is_punycode) return std::string(text);
    return decode_punycode(text).value_or(fmt::format("punycode{{{}}}", text));
  }

  // Reads on from an earlier place, and comes back.
  template <typename Read>
  void back_reference(Read read) {
    const auto from = at_ - 1;
    const auto target = base_62();
    if (!good_ || target >= from) return fail();
    if (silent_ > 0) return;
    const auto back = std::exchange(at_, target);
    read();
    if (good_) at_ = back;
  }

  void skip_path() {
    ++silent_;
    path(Use::type);
    --silent_;
  }

  void path(Use use) {
    const Level level(*this);
    if (!good_) return;
    switch (next()) {
      case 'C':
        optional_base_62('s');  // the crate's hash
        return put(identifier());
      case 'N':
        return nested(use);
      case 'M':
        skip_place_of_implementation();
        put("<");
        type();
        return put(">");
      case 'X':
        skip_place_of_implementation();
        [[fallthrough]];
      case 'Y':
        put("<");
        type();
        put(" as ");
        path(Use::type);
        return put(">");
      case 'I':
        return generic(use);
      case 'B':
        return back_reference([&] { path(use); });
      default:
        return fail();
    }
  }

  // Lower-case spaces are names of values and types, upper-case ones what the compiler makes.
  void nested(Use use) {
    const char space = next();
    path(use);
    const auto number = optional_base_62('s');
    const auto name = identifier();
    if (space >= 'A' && space <= 'Z') {
      const auto what = space == 'C'   ? std::string("closure")
                        : space == 'S' ? std::string("shim")
                                       : std::string(1, space);
      put(fmt::format("::{{{}{}{}#{}}}", what, name.empty() ? "" : ":", name, number));
    } else if (space < 'a' || space > 'z') {
      fail();
    } else if (!name.empty()) {
      put("::" + name);
    }
  }

  void skip_place_of_implementation() {
    optional_base_62('s');
    skip_path();
  }

  void generic(Use use) {
    path(use);
    put(use == Use::value ? "::<" : "<");
    list(", ", [&] { generic_argument(); });
    put(">");
  }

  // Up to the `E` that ends a list.
  template <typename Read>
  std::size_t list(std::string_view between, Read read) {
    std::size_t count = 0;
    while (good_ && !eat('E')) {
      if (count++ > 0) put(between);
      read();
    }
    return count;
  }

  void generic_argument() {
    if (eat('L')) return lifetime(base_62());
    if (eat('K')) return constant();
    type();
  }

  // Counted outwards from the innermost; 0 is one that is left out.
  void lifetime(std::uint64_t number) {
    if (number == 0) return put("'_");
    if (number > lifetimes_) return fail();
    const auto depth = lifetimes_ - number;
    put(depth < 26 ? fmt::format("'{}", static_cast<char>('a' + depth))
                   : fmt::format("'_{}", depth));
  }

  // `for<'a, 'b> `, around what `read` reads.
  template <typename Read>
  void binder(Read read) {
    const auto bound = optional_base_62('G');
    if (bound > kMaxDepth) return fail();
    if (bound > 0) put("for<");
    for (std::uint64_t i = 0; i < bound; ++i) {
      if (i > 0) put(", ");
      ++lifetimes_;
      lifetime(1);
    }
    if (bound > 0) put("> ");
    read();
    lifetimes_ -= bound;
  }

  void type() {
    const Level level(*this);
    if (!good_) return;
    const char tag = next();
    if (const auto basic = basic_type(tag); !basic.empty()) return put(basic);
    switch (tag) {
      case 'R':
      case 'Q':
        put("&");
        if (eat('L')) {
          if (const auto number = base_62(); number > 0) {
            lifetime(number);
            put(" ");
          }
        }
        if (tag == 'Q') put("mut ");
        return type();
      case 'P':
        put("*const ");
        return type();
      case 'O':
        put("*mut ");
        return type();
      case 'A':
      case 'S':
        put("[");
        type();
        if (tag == 'A') {
          put("; ");
          constant();
        }
        return put("]");
      case 'T':
        put("(");
        if (list(", ", [&] { type(); }) == 1) put(",");
        return put(")");
      case 'F':
        return binder([&] { function_type(); });
      case 'D':
        return trait_object();
      case 'B':
        return back_reference([&] { type(); });
      default:
        --at_;
        return path(Use::type);
    }
  }

  void function_type() {
    if (eat('U')) put("unsafe ");
    if (eat('K')) {
      auto abi = eat('C') ? std::string("C") : identifier();
      std::ranges::replace(abi, '_', '-');
      put(fmt::format("extern \"{}\" ", abi));
    }
    put("fn(");
    list(", ", [&] { type(); });
    put(")");
    if (eat('u')) return;
    put(" -> ");
    type();
  }

  void trait_object() {
    put("dyn ");
    binder([&] { list(" + ", [&] { trait(); }); });
    if (!eat('L')) return fail();
    if (const auto number = base_62(); number > 0) {
      put(" + ");
      lifetime(number);
    }
  }

  // `Iterator<Item = u8>`: the associated types join the generic arguments.
  void trait() {
    bool open = false;
    if (eat('I')) {
      path(Use::type);
      put("<");
      list(", ", [&] { generic_argument(); });
      open = true;
    } else {
      path(Use::type);
    }
    while (good_ && eat('p')) {
      put(open ? ", " : "<");
      open = true;
      put(identifier());
      put(" = ");
      type();
    }
    if (open) put(">");
  }

  void constant() {
    const Level level(*this);
    if (!good_) return;
    const char tag = next();
    constexpr std::string_view kIntegers = "hmtyojalsxni";
    if (kIntegers.find(tag) != std::string_view::npos) {
      if (eat('n')) put("-");
      const auto digits = hex_digits();
      const auto value = parsed(digits);
      return put(value ? std::to_string(*value) : fmt::format("0x{}", digits));
    }
    switch (tag) {
      case 'p':
        return put("_");
      case 'b':
        return put(parsed(hex_digits()) == 0U ? "false" : "true");
      case 'c': {
        const auto point = parsed(hex_digits());
        if (!point || !is_character(*point)) return fail();
        std::string letter;
        put_utf8(letter, static_cast<std::uint32_t>(*point));
        return put(fmt::format("'{}'", letter));
      }
      case 'B':
        return back_reference([&] { constant(); });
      default:  // texts and structures: not in any stable Rust
        return fail();
    }
  }

  std::string_view hex_digits() {
    const auto begin = at_;
    while ((peek() >= '0' && peek() <= '9') || (peek() >= 'a' && peek() <= 'f')) ++at_;
    const auto digits = symbol_.substr(std::min(begin, symbol_.size()), at_ - begin);
    if (!eat('_')) fail();
    return digits;
  }
  // Null beyond 64 bits.
  static std::optional<std::uint64_t> parsed(std::string_view digits) {
    if (digits.size() > 16) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : digits) {
      value = value << 4U | static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
  }

  std::string_view symbol_;
  std::size_t at_ = 0;
  std::string text_;
  bool good_ = true;
  std::size_t silent_ = 0;  // how many parts that are read and not shown are open
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
  std::uint64_t lifetimes_ = 0;  // bound by the binders that are open
};

}  // namespace

std::optional<std::string> demangle_rust_legacy(std::string_view symbol) {
  if (!symbol.starts_with("_ZN")) return std::nullopt;
  symbol.remove_prefix(3);
  std::string text;
  while (!symbol.empty() && symbol[0] != 'E') {
    std::size_t length = 0;
    std::size_t digits = 0;
    while (digits < symbol.size() && digits < 5 && symbol[digits] >= '0' && symbol[digits] <= '9') {
      length = length * 10 + static_cast<std::size_t>(symbol[digits++] - '0');
    }
    symbol.remove_prefix(digits);
    if (digits == 0 || length == 0 || length > symbol.size()) return std::nullopt;
    const auto component = symbol.substr(0, length);
    symbol.remove_prefix(length);
    if (symbol.starts_with('E') && is_hash(component)) return text;
    text += (text.empty() ? "" : "::") + decode_legacy(component);
  }
  return std::nullopt;
}

std::optional<std::string> demangle_rust_v0(std::string_view symbol) {
  if (!symbol.starts_with("_R")) return std::nullopt;
  symbol.remove_prefix(2);
  // Behind the name: what LLVM made of it.
  const auto end = std::min(symbol.find('.'), symbol.size());
  const auto suffix = symbol.substr(end);
  const bool is_ascii = std::ranges::all_of(symbol, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!is_ascii) return std::nullopt;
  auto name = V0(symbol.substr(0, end)).demangle();
  if (name && !suffix.starts_with(".llvm.")) *name += suffix;
  return name;
}

}  // namespace wasmctl::wasm
