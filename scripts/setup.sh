#!/usr/bin/env bash
# Makes this machine able to run the house: Debian's programs, .venv and the web assets.
# Installs only what is missing; quick when nothing is.  PYTHON=... names another python.
set -euo pipefail
cd "$(dirname "$0")/.."
house=$PWD

say() { printf 'setup: %s\n' "$*"; }
complain() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

# Debian keeps servers in /usr/sbin, which is not on everybody's path.
PATH=$PATH:/usr/sbin:/sbin

# ---------------------------------------------------------------- Debian's programs

packages=(mosquitto mosquitto-clients victoria-metrics libzbar0 espeak-ng chromium alsa-utils fonts-dejavu-core)
packages+=(libatomic1) # for the Node.js that drives Chromium

is_installed() {
    local status
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) || return 1
    [ "$status" = installed ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@" </dev/null
    elif ! has sudo; then
        return 1
    elif [ -t 0 ]; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@" </dev/null
    fi
}

# Names that this system's apt-get does not know are kept here, so as to ask for them once.
unknown_here=.build/packages-unknown-here

install_packages() {
    local missing=() wanted=() unknown=() name lists_are_new=yes
    for name in "$@"; do
        is_installed "$name" || grep -qsxF "$name" "$unknown_here" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if ! as_root apt-get --version >/dev/null; then
        complain "Debian packages are missing, and you are neither root nor allowed to sudo. As root, run"
        complain "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        complain "and then this again."
        return 0 # what the house cannot do without is looked for below
    fi
    say "installing ${missing[*]}"
    as_root apt-get update --quiet=2 -o APT::Update::Error-Mode=any || {
        lists_are_new=no
        complain "apt-get update failed: trying the old lists"
    }
    for name in "${missing[@]}"; do
        if [ -n "$(apt-cache show --quiet=2 "$name" 2>/dev/null)" ]; then
            wanted+=("$name")
        else
            unknown+=("$name")
        fi
    done
    if [ ${#unknown[@]} -gt 0 ] && [ "$lists_are_new" = yes ]; then
        complain "this system's apt-get has no package ${unknown[*]}"
        mkdir -p .build && printf '%s\n' "${unknown[@]}" >>"$unknown_here"
    elif [ ${#unknown[@]} -gt 0 ]; then
        complain "the old lists do not have ${unknown[*]}: check the network and run this again"
    fi
    [ ${#wanted[@]} -gt 0 ] || return 0
    # A machine that was just switched on may be busy with its own updates: wait for their end.
    as_root apt-get install --yes --quiet=2 --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "${wanted[@]}" || {
        complain "apt-get could not install ${wanted[*]}: see its words above"
        return 0
    }
    if [ -d /run/systemd/system ]; then
        say "Debian also starts some of these as services. The house starts its own and needs"
        say "none of them: systemctl disable --now mosquitto victoria-metrics"
    fi
}

has_library() { [ "$(uname -s)" != Linux ] || ldconfig -p 2>/dev/null | grep "$1\.so" >/dev/null; }

has_type() {
    local folder
    for folder in truetype/dejavu dejavu TTF; do
        [ ! -e "/usr/share/fonts/$folder/DejaVuSans-Bold.ttf" ] || return 0
    done
    return 1
}

look_for_programs() {
    has mosquitto || {
        complain "mosquitto is missing, and the hall's messages go through it: install it" \
            "(https://mosquitto.org, or your system's package mosquitto) and run this again"
        return 1
    }
    has victoria-metrics || complain "victoria-metrics is missing: the demo keeps no time series"
    has espeak-ng || complain "espeak-ng is missing: tickets are called on the boards, not aloud"
    has aplay || complain "aplay (alsa-utils) is missing: announcements go to a file"
    has_type || complain "DejaVu Sans (fonts-dejavu-core) is missing: no ticket slips are printed"
    has chromium || has chromium-browser || complain "chromium is missing: the tests of the pages need it"
    has_library libzbar ||
        complain "libzbar is missing (package libzbar0 or zbar): one QR reader instead of two"
    has_library libatomic ||
        complain "libatomic is missing (package libatomic1): the tests of the pages need it"
}

# ---------------------------------------------------------------- Python

is_right_python() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

find_python() {
    local name without_venv=
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        if ! has "$name" || ! is_right_python "$name"; then
            continue
        elif can_make_venv "$name"; then
            echo "$name"
            return
        fi
        without_venv=$name
    done
    echo "$without_venv"
}

choose_python() {
    python=$(find_python)
    if [ -z "$python" ]; then
        local here=none
        ! has "${PYTHON:-python3}" || here=$("${PYTHON:-python3}" --version 2>&1 || true)
        complain "Python 3.11 to 3.14 is needed, and ${PYTHON:-python3} here is $here:" \
            "install one (on Debian 12 or newer: apt-get install python3 python3-venv)," \
            "or name one with PYTHON=/path/to/python3.11 make setup"
        return 1
    fi
    can_make_venv "$python" || {
        complain "$python cannot make virtual environments: install its venv module" \
            "(Debian: apt-get install python3-venv) and run this again"
        return 1
    }
}

# What .venv was made from; a house that was moved needs a new one, for its programs know
# where they are.
fingerprint() {
    {
        echo "$house"
        cat pyproject.toml requirements/constraints.txt
    } | sha256sum
}

stamp=.venv/.setup-stamp

venv_is_ready() {
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ] && is_right_python .venv/bin/python
}

python_is_wanting() { ! venv_is_ready && ! can_make_venv "$(find_python)"; }

make_venv() {
    ! venv_is_ready || return 0
    choose_python
    if [ -f .venv/pyvenv.cfg ] && is_right_python .venv/bin/python &&
        head -n 1 .venv/bin/pip 2>/dev/null | grep -qF "$house/.venv/"; then
        say "bringing .venv up to date"
    else
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv
    fi
    rm -f "$stamp"
    .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
        --constraint requirements/constraints.txt --editable '.[dev]' </dev/null
    fingerprint >"$stamp"
}

# ---------------------------------------------------------------- in this order

if has apt-get && has dpkg-query; then
    ! python_is_wanting || packages+=(python3 python3-venv)
    install_packages "${packages[@]}"
else
    missing=()
    ! python_is_wanting || missing+=("Python 3.11 to 3.14 with its venv module")
    for program in mosquitto victoria-metrics espeak-ng chromium aplay; do
        has "$program" || missing+=("$program")
    done
    [ ${#missing[@]} -eq 0 ] ||
        complain "this is not Debian: install ${missing[*]}, libzbar and libatomic with" \
            "your own tools"
fi
look_for_programs
make_venv
.venv/bin/python scripts/fetch_assets.py </dev/null
