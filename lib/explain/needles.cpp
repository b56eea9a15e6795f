#include "explain/needles.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace wasmctl::explain {

namespace {

constexpr std::uint32_t kNone = 0xffffffff;

// The states as a trie; they get their final numbers when all are known.
struct Trie {
  std::size_t width;
  std::vector<std::uint32_t> next;  // kNone: no such child
  std::vector<std::vector<std::uint16_t>> literals;
  std::vector<std::uint32_t> fallback;

  std::uint32_t add_state() {
    next.resize(next.size() + width, kNone);
    literals.emplace_back();
    fallback.push_back(0);
    return static_cast<std::uint32_t>(literals.size() - 1);
  }
  std::uint32_t& at(std::uint32_t state, std::size_t symbol) {
    return next[state * width + symbol];
  }
};

// Breadth first, each state gets the transitions that its longest proper suffix has.
void complete(Trie& trie) {
  std::vector<std::uint32_t> queue;
  for (std::size_t symbol = 0; symbol < trie.width; ++symbol) {
    auto& child = trie.at(0, symbol);
    if (child == kNone) {
      child = 0;
    } else {
      queue.push_back(child);
    }
  }
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const auto state = queue[i];
    const auto suffix = trie.fallback[state];
    const auto& more = trie.literals[suffix];
    trie.literals[state].insert(trie.literals[state].end(), more.begin(), more.end());
    for (std::size_t symbol = 0; symbol < trie.width; ++symbol) {
      auto& child = trie.at(state, symbol);
      if (child == kNone) {
        child = trie.at(suffix, symbol);
      } else {
        trie.fallback[child] = trie.at(suffix, symbol);
        queue.push_back(child);
      }
    }
  }
}

}  // namespace

Needles::Needles(const std::vector<std::string_view>& literals) {
  for (const auto literal : literals) {
    for (const char c : base::lower(literal)) {
      auto& symbol = classes_[static_cast<unsigned char>(c)];
      if (symbol == 0) symbol = static_cast<std::uint8_t>(width_++);
    }
  }
  for (char c = 'A'; c <= 'Z'; ++c) {
    classes_[static_cast<unsigned char>(c)] = classes_[static_cast<unsigned char>(c + ('a' - 'A'))];
  }
  Trie trie{width_, {}, {}, {}};
  trie.add_state();
  for (std::size_t i = 0; i < literals.size(); ++i) {
    std::uint32_t state = 0;
    for (const char c : literals[i]) {
      const auto symbol = classes_[static_cast<unsigned char>(c)];
      auto child = trie.at(state, symbol);
      if (child == kNone) {
        child = trie.add_state();
        trie.at(state, symbol) = child;
      }
      state = child;
    }
    trie.literals[state].push_back(static_cast<std::uint16_t>(i));
  }
  complete(trie);

  const auto states = static_cast<std::uint32_t>(trie.literals.size());
  std::vector<std::uint32_t> order;
  for (const bool is_final : {false, true}) {
    for (std::uint32_t i = 0; i < states; ++i) {
      if (trie.literals[i].empty() != is_final) order.push_back(i);
    }
  }
  std::vector<std::uint32_t> place(states);
  for (std::uint32_t i = 0; i < states; ++i) place[order[i]] = i;
  next_.reserve(trie.next.size());
  first_final_ = static_cast<std::uint32_t>(trie.next.size());
  for (std::uint32_t i = 0; i < states; ++i) {
    const auto state = order[i];
    for (std::size_t symbol = 0; symbol < width_; ++symbol) {
      next_.push_back(place[trie.at(state, symbol)] * static_cast<std::uint32_t>(width_));
    }
    if (trie.literals[state].empty()) continue;
    first_final_ = std::min(first_final_, i * static_cast<std::uint32_t>(width_));
    literals_.push_back(std::move(trie.literals[state]));
  }
}

std::size_t Needles::find(std::string_view text, std::size_t from) const {
  std::uint32_t state = 0;
  for (auto at = from; at < text.size(); ++at) {
    state = next_[state + classes_[static_cast<unsigned char>(text[at])]];
    if (state >= first_final_) return at + 1;
  }
  return std::string_view::npos;
}

std::vector<std::size_t> Needles::all_in(std::string_view text) const {
  std::vector<std::size_t> found;
  std::uint32_t state = 0;
  for (const char c : text) {
    state = next_[state + classes_[static_cast<unsigned char>(c)]];
    if (state < first_final_) continue;
    const auto& numbers = literals_[(state - first_final_) / width_];
    found.insert(found.end(), numbers.begin(), numbers.end());
    // A line made to match again and again stays cheap.
    if (found.size() > 4096) break;
  }
  std::ranges::sort(found);
  const auto [first, last] = std::ranges::unique(found);
  found.erase(first, last);
  return found;
}

}  // namespace wasmctl::explain
