#!/usr/bin/env bash
# The main job on a machine that has nothing but the .deb: a bare Debian 12 (debootstrap) in which the
# package is installed by apt and what it then lacks by the commands that `wasmctl doctor` names.
# It needs root and a few minutes: ./dev bare.
#     tests/bare_debian.sh DEB DIRECTORY     DIRECTORY/root is made anew
set -euo pipefail
deb=$(realpath "$1") root=$2/root

leave() { for directory in dev/pts dev proc; do umount -q "$root/$directory" 2>/dev/null || true; done; }
trap leave EXIT

mkdir -p "$2"
leave
rm -rf --one-file-system "$root"
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$2/debootstrap.log"
for directory in proc dev dev/pts; do mount --bind "/$directory" "$root/$directory"; done
# Whatever this machine needs to reach the registries of packages, the bare one needs, too.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cp /etc/resolv.conf "$root/etc/"
[ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/"
cp "$deb" "$root/tmp/wasmctl.deb"
# As an installed Debian 12 has them; debootstrap writes the first alone.
cat >"$root/etc/apt/sources.list" <<'LIST'
deb http://deb.debian.org/debian bookworm main
deb http://deb.debian.org/debian bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
LIST

# Only what the script says is in the environment.
chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  DEBIAN_FRONTEND=noninteractive bash -euo pipefail <<'INSIDE'
apt() { apt-get -qq --no-install-recommends "$@" >/tmp/apt.log 2>&1 || { tail -n 20 /tmp/apt.log; exit 1; }; }
show() { printf '\n$ %s\n' "$*"; "$@"; }
# The packages that doctor names for what it calls needed.
needed() { { wasmctl doctor 2>/dev/null || true; } | grep -A4 'needed:' | sed -nE 's/.*`apt-get install (.*)`/\1/p'; }

apt update
apt install /tmp/wasmctl.deb
mkdir /work && cd /work
show wasmctl doctor || true
# shellcheck disable=SC2046  # words
apt install $(needed)
apt install python3-venv docker-registry
show wasmctl new hello
cd hello
show wasmctl doctor --fix >/dev/null
show wasmctl build
show wasmctl test
show wasmctl run --once 'GET /'
show wasmctl push . oci:layout:v1
docker-registry serve /dev/stdin >/tmp/registry.log 2>&1 <<'YAML' &
version: 0.1
storage: {inmemory: {}}
http: {addr: "127.0.0.1:5055"}
YAML
trap 'kill %1' EXIT
for i in $(seq 50); do (: </dev/tcp/127.0.0.1/5055) 2>/dev/null && break; sleep 0.1; done
pinned=$(wasmctl push . localhost:5055/hello:v1 --quiet)
show wasmctl render "$pinned" --selector app=web --namespace default -o manifests
show wasmctl check -f manifests
export COSIGN_PASSWORD=of-this-test  # where there is a terminal, it is asked for
show wasmctl key generate -o signer
show wasmctl sign "$pinned" --key signer.key
show wasmctl verify "$pinned" --key signer.pub
show wasmctl verify "$pinned" --key signer.pub --rebuild .
INSIDE
