// What clang and the linker complain of, out of what they wrote on standard error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/place.hpp"

namespace wasmctl::compile {

// One error.
struct Complaint {
  Place place;          // as the compiler names it; no file where it names none
  bool fatal = false;   // the compiler stopped there
  std::string message;  // what follows "error: ", to the end of its line
  std::string text;     // the message, the notes and the lines of source that belong to it
};

// In the order of `output`. Colours do not count; warnings and their notes are left out.
std::vector<Complaint> complaints(std::string_view output);

}  // namespace wasmctl::compile
