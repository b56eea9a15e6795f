# Writes OUTPUT, a C++ source that defines `std::string_view NAME()` with the text of FILE; NAME is
# qualified, as in wasmctl::cli::inspect_page.
# Run as: cmake -DFILE=file -DNAME=name -DOUTPUT=file -P embed_text.cmake
string(REGEX MATCH "^(.*)::([^:]+)$" all ${NAME})
set(namespace ${CMAKE_MATCH_1})
set(function ${CMAKE_MATCH_2})
file(READ ${FILE} text)
# C++ compilers need not take a literal of more than 65,536 characters: pieces of 8,000.
set(literals "")
string(LENGTH "${text}" length)
set(begin 0)
while(begin LESS length)
  string(SUBSTRING "${text}" ${begin} 8000 piece)
  string(APPEND literals "R\"~text~(${piece})~text~\"\n")
  math(EXPR begin "${begin} + 8000")
endwhile()
file(WRITE ${OUTPUT} "#include <string_view>\n\nnamespace ${namespace} {\n\nstd::string_view ${function}();\n\nstd::string_view ${function}() {\n  return\n${literals};\n}\n\n}  // namespace ${namespace}\n")
