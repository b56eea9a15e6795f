# Writes OUTPUT, a C++ source that defines `std::string_view NAME()` with the text of FILE; NAME is
# qualified, as in wasmctl::cli::inspect_page.
# Run as: cmake -DFILE=file -DNAME=name -DOUTPUT=file -P embed_text.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
string(REGEX MATCH "^(.*)::([^:]+)$" all ${NAME})
set(namespace ${CMAKE_MATCH_1})
set(function ${CMAKE_MATCH_2})
file(READ ${FILE} text)
embed_literal("${text}" literals)
file(WRITE ${OUTPUT} "#include <string_view>\n\nnamespace ${namespace} {\n\nstd::string_view ${function}();\n\nstd::string_view ${function}() {\n  return\n${literals};\n}\n\n}  // namespace ${namespace}\n")
