#include "wasm/rust_names.hpp"

#include <doctest/doctest.h>

#include <string>

#include "wasm/names.hpp"

using namespace wasmctl;

TEST_CASE("names of today's Rust are readable, without the crates' hashes") {
  const std::pair<const char*, const char*> cases[] = {
      {"_RNvNtCs4kJ2_6pantry5shelf4fill", "pantry::shelf::fill"},
      {"_RNCNvCs4kJ2_6pantry4cook0B3_", "pantry::cook::{closure#0}"},
      {"_RNCNCNvCs4kJ2_6pantry4cook0s_0B5_", "pantry::cook::{closure#0}::{closure#1}"},
      {"_RNvXCs4kJ2_6pantryNtB2_3JarNtNtCs9a_4core3fmt5Debug3fmt",
       "<pantry::Jar as core::fmt::Debug>::fmt"},
      {"_RNvMs_Cs4kJ2_6pantryNtB4_3Jar4open", "<pantry::Jar>::open"},
      {"_RNvYNtCs4kJ2_6pantry3JarNtNtCs9a_4core3fmt5Debug3fmt",
       "<pantry::Jar as core::fmt::Debug>::fmt"},
      {"_RINvCs4kJ2_6pantry4loadhE", "pantry::load::<u8>"},
      {"_RINvCs4kJ2_6pantry4loadRShE", "pantry::load::<&[u8]>"},
      {"_RINvCs4kJ2_6pantry4loadQAhj10_E", "pantry::load::<&mut [u8; 16]>"},
      {"_RINvCs4kJ2_6pantry4loadTxEE", "pantry::load::<(i64,)>"},
      {"_RINvCs4kJ2_6pantry4loadTOlPcEuE", "pantry::load::<(*mut i32, *const char), ()>"},
      {"_RINvCs4kJ2_6pantry4loadINtB2_3BoxDG_INtB2_2FnTRL0_hEEp6OutputuEL_EE",
       "pantry::load::<pantry::Box<dyn for<'a> pantry::Fn<(&'a u8,), Output = ()>>>"},
      {"_RINvCs4kJ2_6pantry4loadFUKCmEzE", "pantry::load::<unsafe extern \"C\" fn(u32) -> !>"},
      {"_RINvCs4kJ2_6pantry4loadFEuE", "pantry::load::<fn()>"},
      {"_RINvCs4kJ2_6pantry4loadKln5_Kb1_Kc61_KpE", "pantry::load::<-5, true, 'a', _>"},
      {"_RNSNvCs4kJ2_6pantry4cooks0_6vtable", "pantry::cook::{shim:vtable#2}"},
      {"_RNvCs4kJ2_6pantryu9kche_loaa", "pantry::k\u00e4\u00e4che"},
      {"_RNvNtCs4kJ2_6pantry5shelf4fill.llvm.1234567", "pantry::shelf::fill"},
      {"_RNvNtCs4kJ2_6pantry5shelf4fill.cold.1", "pantry::shelf::fill.cold.1"},
  };
  for (const auto& [symbol, readable] : cases) {
    CAPTURE(symbol);
    CHECK(wasm::demangle(symbol) == readable);
  }
}

TEST_CASE("what is no name of Rust stays, and no name grows without end") {
  std::string tuples = "_RINvC1a1b";  // each holds the one before twice
  std::string before = "h";
  for (int i = 0; i < 12; ++i) before = "T" + before + before + "E";
  const std::string wide = tuples + before + "E";
  std::string doubling = "_RINvC1a1bTThhE";
  for (const char* target : {"9_", "f_", "l_", "r_", "x_", "D_", "J_", "P_", "V_"}) {
    for (int i = 0; i < 30; ++i) doubling += std::string("B") + target;
  }
  const std::string cases[] = {
      "_RestOfTheJam",
      "_R",
      "_RNv",
      "_Ray",
      "_RNvC6pantry",
      "_RNvC6pantry4cookX",
      "_RNvC6pantry99cook",
      "_RB_",
      "_RNvB_1a",
      "_RNvCs4kJ2_6pantry4c\xc3\xa4k",
      "_RINvC1a1bKe61_E",
      "_R" + std::string(5000, 'N'),
      "_RINvC1a1b" + std::string(5000, 'R') + "hE",
      wide,
      doubling,
  };
  for (const auto& symbol : cases) {
    CAPTURE(symbol.substr(0, 80));
    CHECK(wasm::demangle(symbol) == symbol);
  }
}
