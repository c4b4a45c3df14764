#!/usr/bin/env bash
# Everything a fresh machine needs: the virtual environment, the locked packages, Tesseract. Does nothing when all is there.
# With --browser also a Chromium, for the tests of pages; where it may not be installed those tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/installed
wanted=$(cat pyproject.toml requirements.lock | sha256sum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    start=$SECONDS
    python=$(command -v python3.11 || command -v python3.12 || command -v python3.13 || true)
    if [ -z "$python" ]; then
        echo "setup: Python 3.11, 3.12 or 3.13 is missing. Install one, then run make again." >&2
        exit 1
    fi
    echo "setup: installing some 300 packages (3 GB) into .venv; this takes some minutes."
    [ -x .venv/bin/pip ] || "$python" -m venv .venv
    .venv/bin/pip install --disable-pip-version-check --progress-bar off -c requirements.lock -e '.[sample,dev]' \
        | awk '/^Collecting / && ++n % 50 == 0 { print "setup: " n " packages found"; fflush() }
               /^Installing collected/ { print "setup: " n " packages downloaded, putting them in place"; fflush() }'
    echo "$wanted" > "$stamp"
    echo "setup: packages installed in $((SECONDS - start)) s."
fi

if ! command -v tesseract > /dev/null; then
    start=$SECONDS
    if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
        log=$(mktemp)
        (apt-get update && apt-get install --yes --no-install-recommends tesseract-ocr tesseract-ocr-eng) > "$log" 2>&1 \
            || { echo "setup: apt-get could not install Tesseract: see $log" >&2; exit 1; }
        echo "setup: Tesseract installed in $((SECONDS - start)) s."
    elif command -v apt-get > /dev/null; then
        echo "setup: Tesseract is missing. Type: sudo apt-get install --yes tesseract-ocr" >&2
        exit 1
    elif command -v brew > /dev/null; then
        brew install tesseract
    else
        echo "setup: Tesseract is missing. Install it with your package manager (Fedora: sudo dnf install tesseract)." >&2
        exit 1
    fi
fi

if [ "${1:-}" = --browser ] && ! command -v chromium chromium-browser google-chrome > /dev/null; then
    start=$SECONDS
    if command -v apt-get > /dev/null && [ "$(id -u)" = 0 ] \
        && (apt-get update && apt-get install --yes --no-install-recommends chromium) > /dev/null 2>&1; then
        echo "setup: Chromium installed in $((SECONDS - start)) s."
    else
        echo "setup: no Chromium: tests of pages will be skipped. Debian: sudo apt-get install --yes chromium" >&2
    fi
fi
