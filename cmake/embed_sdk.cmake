# Writes OUTPUT, the C++ source that defines wasmctl::compile::sdk_files() from the files of SDK.
# Run as: cmake -DSDK=dir -DOUTPUT=file -P embed_sdk.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
file(GLOB files LIST_DIRECTORIES false RELATIVE ${SDK} ${SDK}/*.h ${SDK}/*.cc ${SDK}/contrib/*.h
     ${SDK}/libraries/*.h
     ${SDK}/std/* ${SDK}/std/sys/*)
list(SORT files)
set(source "#include \"compile/sdk.hpp\"\n\nnamespace wasmctl::compile {\n\nnamespace {\n\nconstexpr SdkFile kFiles[] = {\n")
foreach(file ${files})
  file(READ ${SDK}/${file} text)
  embed_literal("${text}" literals)
  string(APPEND source "    {\"${file}\",\n${literals}},\n")
endforeach()
string(APPEND source "};\n\n}  // namespace\n\nstd::span<const SdkFile> sdk_files() { return kFiles; }\n\n}  // namespace wasmctl::compile\n")
file(WRITE ${OUTPUT} "${source}")
