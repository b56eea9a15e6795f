# What `cmake --install` puts where, and what CPack packs: the program, its man pages, the shells' completions,
# documents and examples. Pages and scripts are what the program itself prints.
include(GNUInstallDirs)

set(manual ${PROJECT_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manual})
set(pages ${manual}/pages.stamp)
set(completions)
foreach(shell bash zsh fish)
  add_custom_command(
    OUTPUT ${manual}/completion.${shell}
    COMMAND wasmctl completion ${shell} > ${manual}/completion.${shell}
    DEPENDS wasmctl VERBATIM)
  list(APPEND completions ${manual}/completion.${shell})
endforeach()
add_custom_command(
  OUTPUT ${pages}
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${manual}/man1
  COMMAND wasmctl manual man ${manual}/man1
  COMMAND sh -c "gzip -9n ${manual}/man1/*.1"
  COMMAND ${CMAKE_COMMAND} -E create_symlink wasmctl.1.gz ${manual}/man1/kubectl-wasm.1.gz
  COMMAND ${CMAKE_COMMAND} -E touch ${pages}
  DEPENDS wasmctl VERBATIM)
add_custom_target(manual DEPENDS ${pages} ${completions})

install(TARGETS wasmctl)
# `kubectl wasm` is what kubectl makes of a program of this name.
file(CREATE_LINK wasmctl ${manual}/kubectl-wasm SYMBOLIC)
install(FILES ${manual}/kubectl-wasm DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY ${manual}/man1/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${manual}/completion.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME wasmctl)
install(FILES ${manual}/completion.zsh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _wasmctl)
install(FILES ${manual}/completion.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME wasmctl.fish)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})

# ---- packages: a .deb, and a tarball for all others

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/package)
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_PACKAGE_VENDOR "the wasmctl project")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "build Proxy-Wasm filters and run them in Istio and Envoy")
set(CPACK_PACKAGE_DESCRIPTION
"wasmctl takes a Proxy-Wasm filter from its source to a log line in the sidecar:
it compiles it, tests it in a host of its own, packages it as an OCI image or a
ConfigMap, pushes it, and prints the manifests that make Istio's Envoy load it.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "wasmctl maintainers <maintainers@wasmctl.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libcurl is loaded when a registry is first asked, so that nothing in the program names it.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
  "clang-22, lld-22, libc++-22-dev-wasm32, libc++abi-22-dev-wasm32, libclang-rt-22-dev-wasm32, wasi-libc")
set(CPACK_DEB_COMPONENT_INSTALL OFF)

# Debian wants both beside the documents. The time is SOURCE_DATE_EPOCH's, where that is set.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${manual}/changelog
"wasmctl (${PROJECT_VERSION}) unstable; urgency=medium

  * What changed is in CHANGELOG.md.

 -- ${CPACK_DEBIAN_PACKAGE_MAINTAINER}  ${date}
")
execute_process(COMMAND gzip -9nf ${manual}/changelog)
file(WRITE ${manual}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: wasmctl

Files: *
Copyright: 2026 The wasmctl authors
License: Apache-2.0
 On Debian systems, the full text of the license is in
 /usr/share/common-licenses/Apache-2.0.
")
# One file to copy, and a fast start: what is small is linked into it.
file(WRITE ${manual}/lintian-overrides
"wasmctl: embedded-library libyaml *
wasmctl: embedded-library zlib *
")
install(FILES ${manual}/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
  RENAME wasmctl)
install(FILES ${manual}/changelog.gz ${manual}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
include(CPack)
