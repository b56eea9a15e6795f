#!/usr/bin/env bash
# install.sh VERSION DIRECTORY: puts the release of that version, from $RELEASES, into DIRECTORY, and its programs on the
# PATH of the steps that follow. What the release's checksum does not name is not unpacked.
set -euo pipefail

version=${1#v}
directory=$2
if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "::error::\`$1\` is not a version: name one, as in \`with: {version: 0.1.0}\`" >&2
  exit 2
fi
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) ;;
  *) echo "::error::there is no release for $(uname -s) on $(uname -m), only for Linux on x86_64" >&2; exit 2 ;;
esac

name=wasmctl-$version-Linux.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in "$name" "$name.sha256"; do
  curl --fail --location --silent --show-error --retry 3 --output "$work/$file" "$RELEASES/v$version/$file"
done
# The line of this very file: another one's, or none, would check nothing.
(cd "$work" && grep -E "^[0-9a-f]{64} [ *]$name\$" "$name.sha256" | sha256sum --check --strict --quiet)

mkdir -p "$directory"
tar -xzf "$work/$name" --strip-components=1 --no-same-owner -C "$directory"
if [[ ${TOOLCHAIN:-false} == true ]]; then
  sudo=$([[ $(id -u) == 0 ]] || echo sudo)
  $sudo apt-get update -q
  $sudo apt-get install -q -y --no-install-recommends \
    clang-22 lld-22 libc++-22-dev-wasm32 libc++abi-22-dev-wasm32 libclang-rt-22-dev-wasm32 wasi-libc
fi
echo "$directory/bin" >>"$GITHUB_PATH"
echo "version=$("$directory/bin/wasmctl" --version | cut -d' ' -f2)" >>"$GITHUB_OUTPUT"
