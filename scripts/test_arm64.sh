#!/usr/bin/env bash
# Installs the node on Debian 12 for arm64, as a Raspberry Pi has it, and runs its self-test there
# with stand-ins.  The machine may be of another kind: qemu runs the arm64 programs.
#
# Needs root, Debian or Ubuntu, and the network.  DEBIAN_MIRROR=http://... names another mirror;
# pip's own variables and files (PIP_INDEX_URL, pip.conf) and http_proxy count as they always do.
# FRESH=1 builds the Debian anew.  Everything lies in .build/arm64 (600 MB) and may be deleted.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'arm64: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

suite=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
place=$PWD/.build/arm64
root=$place/root
wheels=$place/wheels
python=.venv/bin/python
# what a node needs of Debian, without the aplay of a sound card: there is none here
packages=python3,python3-venv,libzbar0,espeak-ng,fonts-dejavu-core

[ "$(id -u)" -eq 0 ] || die "a Debian can be made by root alone: sudo --preserve-env make test-arm64"
if [ -z "${ARM64_OWN_MOUNTS:-}" ]; then
    # what is mounted below is seen by nobody else, and goes with this shell
    ARM64_OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
fi

began=$SECONDS
took() {
    printf '%-34s %4d s\n' "$1" $((SECONDS - began)) >>"$place/times"
    say "$1 ($((SECONDS - began)) s)"
    began=$SECONDS
}

# ---------------------------------------------------------------- programs of another processor

need_programs() {
    local missing=()
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    [ "$(uname -m)" = aarch64 ] || command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "${missing[*]} missing: install them (Debian's names)"
    apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}" </dev/null >&2
}

binfmt=/proc/sys/fs/binfmt_misc
unregister() { [ ! -e "$binfmt/qemu-aarch64" ] || echo -1 >"$binfmt/qemu-aarch64"; }

let_arm64_run() {
    [ "$(uname -m)" != aarch64 ] || return 0
    [ -e "$binfmt/register" ] || mount -t binfmt_misc binfmt_misc "$binfmt" 2>/dev/null || true
    [ ! -e "$binfmt/qemu-aarch64" ] || return 0
    [ -w "$binfmt/register" ] || die "this kernel has no binfmt_misc, without which a program of" \
        "arm64 cannot start another: run this on a machine that has (modprobe binfmt_misc)"
    # the flag F opens qemu now, so that it need not lie within the new root
    # x86 and arm64 differ in bytes 18 and 19 of a program's file
    printf '%s' ':qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:OF' >"$binfmt/register"
    trap unregister EXIT
}

inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 chroot "$root" "$@" </dev/null
}

# ---------------------------------------------------------------- a Debian

make_root() {
    if [ -f "$root/.made" ] && [ "$(cat "$root/.made")" = "$suite $packages" ] && [ -z "${FRESH:-}" ]; then
        say "taking the Debian of before (FRESH=1 makes another)"
        return
    fi
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --arch=arm64 --foreign --variant=minbase --include="$packages" \
        "$suite" "$root" "$mirror" >"$place/debootstrap.log" 2>&1 || die "see $place/debootstrap.log"
    took "Debian $suite fetched"
    inside /debootstrap/debootstrap --second-stage >>"$place/debootstrap.log" 2>&1 ||
        die "see $place/debootstrap.log and $root/debootstrap/debootstrap.log"
    rm -rf "$root"/var/cache/apt/archives/*.deb
    echo "$suite $packages" >"$root/.made"
    took "Debian $suite unpacked by arm64"
}

# ---------------------------------------------------------------- the node

wanted_on_a_pi() {
    "$python" - <<'PYTHON'
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
pi = {"platform_machine": "aarch64", "sys_platform": "linux", "python_version": "3.11",
      "platform_python_implementation": "CPython", "extra": ""}
for text in [*project["dependencies"], *project["optional-dependencies"]["node"]]:
    one = Requirement(text)
    if one.marker is None or one.marker.evaluate(pi):
        print(f"{one.name}{one.specifier}")
PYTHON
}

fetch_wheels() {
    rm -rf "$wheels"
    mkdir -p "$wheels"
    wanted_on_a_pi >"$place/wanted.txt"
    local glibc platforms=(--platform manylinux2014_aarch64)
    # Debian 12 has glibc 2.36; lgpio wants 2.34
    for glibc in 17 24 26 27 28 31 34 35; do platforms+=(--platform "manylinux_2_${glibc}_aarch64"); done
    "$python" -m pip download --quiet --no-input --disable-pip-version-check --dest "$wheels" \
        --only-binary=:all: --implementation cp --python-version 3.11 --abi cp311 --abi abi3 \
        --abi none "${platforms[@]}" --constraint requirements/constraints.txt \
        --requirement "$place/wanted.txt" </dev/null >&2
    "$python" -m pip wheel --quiet --no-input --disable-pip-version-check --no-deps \
        --wheel-dir "$wheels" . </dev/null >&2
    took "wheels fetched"
}

install_node() {
    rm -rf "${root:?}/opt/motcua" "$root/wheels"
    mkdir "$root/wheels"
    mount --bind "$wheels" "$root/wheels"
    inside python3 -m venv /opt/motcua
    local own
    own=$(cd "$wheels" && echo motcua-*.whl)
    inside /opt/motcua/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
        --no-index --find-links /wheels "/wheels/$own[node]" >&2
    inside /opt/motcua/bin/python -m pip check >&2
    took "node installed on arm64"
}

tell_versions() {
    inside /opt/motcua/bin/python -c '
import platform
from importlib import import_module, metadata

for name in ("cv2", "lgpio", "luma.core.device", "luma.led_matrix.device", "luma.oled.device",
             "msgspec", "numpy", "paho.mqtt.client", "PIL.Image", "pyzbar.pyzbar", "zxingcpp"):
    import_module(name)
print("Debian", open("/etc/debian_version").read().strip(), platform.machine(),
      "Python", platform.python_version(), *platform.libc_ver())
for one in sorted(metadata.distributions(), key=lambda one: one.name.lower()):
    print(f"  {one.name} {one.version}")
' || die "a library does not load on arm64: see above"
}

# ---------------------------------------------------------------- in this order

[ -x "$python" ] || die "make setup first"
mkdir -p "$place"
: >"$place/times"
need_programs
let_arm64_run
make_root
mount -t proc proc "$root/proc"
fetch_wheels
install_node

echo "== wheels =="
(cd "$wheels" && ls -1)
echo "== versions =="
tell_versions
took "every library loaded"
echo "== self-test =="
rm -rf "$root/var/lib/motcua"
mkdir -p "$root/var/lib/motcua"
cp tests/arm64/node.toml "$root/var/lib/motcua/node.toml"
status=0
inside /opt/motcua/bin/motcua node self-test --unattended --json \
    --config /var/lib/motcua/node.toml || status=$?
took "self-test with stand-ins"
echo "== times =="
cat "$place/times"
[ "$status" -eq 0 ] || die "the self-test did not pass on arm64 (status $status)"
