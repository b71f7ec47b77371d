#!/usr/bin/env bash
# Writes requirements/constraints.txt and the web assets' lock file anew, from the bounds in
# pyproject.toml and package.json.  Run it after a change of either, then the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --editable '.[dev]' </dev/null
{
    echo "# The versions that setting up this house installs; \`make lock\` writes them anew."
    {
        "$scratch/venv/bin/python" -m pip freeze --exclude-editable 2>/dev/null
        # wanted on a Raspberry Pi alone, so that no other machine can name its version
        grep '^lgpio==' requirements/constraints.txt || true
    } | grep -E '^[A-Za-z0-9_.-]+==[A-Za-z0-9.+!-]+$' | sort --unique --ignore-case
} >"$scratch/constraints.txt"
cp "$scratch/constraints.txt" requirements/constraints.txt
.venv/bin/python scripts/fetch_assets.py --lock
