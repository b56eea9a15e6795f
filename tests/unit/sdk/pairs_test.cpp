#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "plugins/sdk/proxy_wasm_pairs.h"

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string marshal(const Pairs& pairs) {
  std::string block(proxy_wasm::pairsSize(pairs), '\xEE');
  proxy_wasm::marshalPairs(pairs, block.data());
  return block;
}

// A copy on the heap of exactly that size, so that a sanitizer sees a read behind its end.
Pairs read(const std::string& block) {
  const std::vector<char> exact(block.begin(), block.end());
  proxy_wasm::PairsReader reader(exact.data(), exact.size());
  Pairs pairs;
  std::string_view name, value;
  while (reader.next(name, value)) pairs.emplace_back(name, value);
  return pairs;
}

std::string with_u32(std::string block, std::size_t at, std::uint32_t value) {
  std::memcpy(block.data() + at, &value, sizeof value);
  return block;
}

}  // namespace

TEST_CASE("pairs: written as the ABI says") {
  using namespace std::string_literals;
  CHECK(marshal({{"a", "bc"}, {"", ""}}) ==
        "\2\0\0\0"
        "\1\0\0\0"
        "\2\0\0\0"
        "\0\0\0\0"
        "\0\0\0\0"
        "a\0"
        "bc\0"
        "\0"
        "\0"s);
  CHECK(marshal({}) == "\0\0\0\0"s);
}

TEST_CASE("pairs: what is written is read") {
  const Pairs cases[] = {
      {}, {{"a", "b"}}, {{"", ""}, {"x", std::string(70000, 'y')}}, {{std::string("z\0", 2), "q"}}};
  for (const auto& pairs : cases) CHECK(read(marshal(pairs)) == pairs);
}

TEST_CASE("pairs: a block that does not fit yields what comes before") {
  const std::string good = marshal({{"one", "1"}, {"two", "2"}});
  struct Case {
    const char* name;
    std::string block;
    std::size_t pairs;
  };
  const Case cases[] = {
      {"empty", "", 0},
      {"three bytes", "\1\0\0", 0},
      {"more pairs than bytes", with_u32(good, 0, 0xFFFFFFFF), 0},
      {"a name that is too long", with_u32(good, 4, 0xFFFFFFFF), 0},
      {"a value that is too long", with_u32(good, 8, 1000), 0},
      {"the second one's value too long", with_u32(good, 16, 0x7FFFFFFF), 1},
      {"without its last byte", good.substr(0, good.size() - 1), 1},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    CHECK(read(c.block).size() == c.pairs);
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(read(good.substr(0, size)).size() <= 1);
}

TEST_CASE("pairs: a null block is empty") {
  proxy_wasm::PairsReader reader(nullptr, 100);
  std::string_view name, value;
  CHECK_FALSE(reader.next(name, value));
}
