#!/usr/bin/env bash
# Write requirements.lock from a fresh virtual environment: all packages but torch and its accelerator packages.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python3.11 -m venv "$fresh"
"$fresh/bin/pip" install --quiet -e '.[sample,dev,postgres]'
{
    echo "# Every package but torch and what comes with its accelerator builds; used as constraints: pip install -c requirements.lock -e '.[sample,dev]'"
    echo "# Made on Python 3.11 with scripts/lock.sh."
    echo "torch==2.13.0"
    "$fresh/bin/pip" freeze --exclude-editable | grep -viE '^(torch|nvidia-|cuda-|triton)'
} > requirements.lock.partial
mv requirements.lock.partial requirements.lock
