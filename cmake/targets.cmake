# How every target of this project is compiled, and the third-party libraries that several use.

add_library(wasmctl_options INTERFACE)
target_include_directories(wasmctl_options INTERFACE ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR})
target_compile_options(wasmctl_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${WASMCTL_WERROR}>:-Werror>
  # A row of a table that extends Rule; as GCC has it.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-braces>)
# Without it ccache cannot share what is compiled with a precompiled header: it would not see the
# macros behind it (ccache manual, "Precompiled headers"). A second clone then builds in seconds.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(wasmctl_options INTERFACE -fpch-preprocess)
endif()
if(WASMCTL_SANITIZE)
  target_compile_options(wasmctl_options INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(wasmctl_options INTERFACE -fsanitize=address,undefined)
endif()

if(WASMCTL_FUZZ)
  target_compile_options(wasmctl_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Debian has fmt and spdlog as shared libraries only, and ld.so is most of what a start takes: of
# these we use the headers. fmt's other half is compiled once, in lib/base/fmt.cpp.
find_package(fmt 9 REQUIRED)

# wasmctl_library(NAME [HOT] [GENERATED sources] [LINK libs of ours] [PRIVATE third-party libs])
# One static library a folder, of every source below it. Third-party libraries are PRIVATE to the
# folder that wraps them. HOT is what goes through every byte of large inputs, or runs modules: -O2
# in a release. What only calls it is compiled with -O1, which takes a third less of the time.
function(wasmctl_library name)
  cmake_parse_arguments(ARG "HOT" "" "GENERATED;LINK;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(wasmctl_${name} STATIC ${sources} ${ARG_GENERATED})
  target_link_libraries(wasmctl_${name} PUBLIC wasmctl_options ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  if(ARG_HOT)
    target_compile_options(wasmctl_${name} PRIVATE $<$<CONFIG:Release>:-O2>)
  endif()
  if(name STREQUAL "base")
    target_precompile_headers(wasmctl_base PRIVATE <fmt/format.h> <string> <vector> <map>
      <optional> <filesystem> <algorithm> <functional> <memory>)
  else()
    target_precompile_headers(wasmctl_${name} REUSE_FROM wasmctl_base)
  endif()
endfunction()
