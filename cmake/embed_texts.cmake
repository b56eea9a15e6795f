# Writes OUTPUT, a C++ source that defines `std::string_view NAME_html()` in NAMESPACE for each
# NAME.html of DIRECTORY.
# Run as: cmake -DDIRECTORY=dir -DNAMESPACE=wasmctl::cli -DOUTPUT=file -P embed_texts.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
file(GLOB files ${DIRECTORY}/*.html)
list(SORT files)
set(source "#include <string_view>\n\nnamespace ${NAMESPACE} {\n\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  embed_literal("${text}" literals)
  string(APPEND source "std::string_view ${name}_html();\n\nstd::string_view ${name}_html() {\n  return\n${literals};\n}\n\n")
endforeach()
file(WRITE ${OUTPUT} "${source}}  // namespace ${NAMESPACE}\n")
