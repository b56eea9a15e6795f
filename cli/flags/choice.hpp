// A flag of fixed words: a table says which, and what each stands for. What is typed otherwise is
// answered by the nearest of them, for every such flag in the same words:
//
//     error: --mount: cannot be `containr`
//     hint: did you mean `container`? one of: container, annotations
#pragma once

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wasmctl::cli {

template <typename Value>
struct Choice {
  std::string_view word;
  Value value;
};

// The error of a word that is none of `words`.
Error refuse_word(std::string_view flag, std::string_view word,
                  const std::vector<std::string_view>& words);

template <typename Table>
std::vector<std::string_view> words_of(const Table& table) {
  std::vector<std::string_view> words;
  words.reserve(std::size(table));
  for (const auto& row : table) words.push_back(row.word);
  return words;
}

// Throws Error{Code::usage}.
template <typename Table>
auto choose(std::string_view flag, std::string_view word, const Table& table) {
  for (const auto& row : table) {
    if (row.word == word) return row.value;
  }
  throw refuse_word(flag, word, words_of(table));
}

// The word that stands for `value`, which is in the table.
template <typename Table, typename Value>
std::string_view word_of(const Table& table, const Value& value) {
  for (const auto& row : table) {
    if (row.value == value) return row.word;
  }
  return "";
}

// Binds `flag` to `target`, a Value or an optional one; the help lists the words. `table`: an array
// or vector of Choice.
template <typename Table, typename Target>
CLI::Option* add_choice(CLI::App& app, const std::string& flag, Target& target, const Table& table,
                        const std::string& help) {
  const std::vector rows(std::begin(table), std::end(table));
  const auto name = flag.substr(flag.rfind(',') + 1);  // of "-O,--optimize" the long one
  const auto bind = [&target, name, rows](const std::string& word) {
    target = choose(name, word, rows);
  };
  return app.add_option_function<std::string>(flag, bind, help)
      ->type_name(fmt::format("{}", fmt::join(words_of(rows), "|")));
}

}  // namespace wasmctl::cli
