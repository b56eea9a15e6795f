# Writes OUTPUT, the C++ source that defines wasmctl::plugin::template_files() from the plugins that
# are in PLUGINS, a list of paths in DIRECTORY. The schema of a configuration is left out: each
# build describes it anew.
# Run as: cmake -DDIRECTORY=dir -DPLUGINS=a;b -DOUTPUT=file -P embed_templates.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
set(source "#include \"plugin/scaffold.hpp\"\n\nnamespace wasmctl::plugin {\n\nnamespace {\n\nconstexpr TemplateFile kFiles[] = {\n")
foreach(plugin ${PLUGINS})
  set(globs *.cc *.h *.md *.yaml tests/*.yaml .gitignore Cargo.toml Cargo.lock src/*.rs go.mod go.sum *.go)
  list(TRANSFORM globs PREPEND ${DIRECTORY}/${plugin}/)
  file(GLOB files LIST_DIRECTORIES false RELATIVE ${DIRECTORY}/${plugin} ${globs})
  list(SORT files)
  foreach(file ${files})
    file(READ ${DIRECTORY}/${plugin}/${file} text)
    embed_literal("${text}" literals)
    string(APPEND source "    {\"${plugin}\", \"${file}\",\n${literals}},\n")
  endforeach()
endforeach()
string(APPEND source "};\n\n}  // namespace\n\nstd::span<const TemplateFile> template_files() { return kFiles; }\n\n}  // namespace wasmctl::plugin\n")
file(WRITE ${OUTPUT} "${source}")
