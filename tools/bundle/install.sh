#!/bin/sh
# Installs Daylight @VERSION@ from this folder, without network: ./install.sh [FOLDER]
set -eu
cd "$(dirname "$0")"
target=${1:-"$HOME/daylight"}
python=${PYTHON:-python@PYTHON@}
command -v "$python" >/dev/null || python=python3

fail() { echo "daylight: $1" >&2; exit "$2"; }

[ "$(uname -s)" = Linux ] || fail "this bundle is for Linux; elsewhere use a container or a virtual machine" 5
"$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")' 2>/dev/null ||
  fail "this bundle is for Python @PYTHON@; say where it is (PYTHON=/usr/bin/python@PYTHON@ ./install.sh) or make a bundle for the Python that is here" 5
[ ! -e "$target" ] || fail "$target exists already; name another folder: ./install.sh FOLDER" 2
sha256sum --check --strict --quiet SHA256SUMS ||
  fail "the bundle is not what it was when it was made; nothing was installed" 3

# pip comes with the bundle: Debian and Tails have none, and no ensurepip, unless asked.
"$python" -m venv --without-pip "$target"
PYTHONPATH="$PWD/pip.zip" PIP_CONFIG_FILE=/dev/null "$target/bin/python" -m pip \
  --disable-pip-version-check --no-cache-dir install --quiet --no-index --no-compile \
  --find-links "$PWD/wheels" --only-binary :all: --require-hashes -r "$PWD/lock.txt" ||
  { rm -rf "$target"; fail "pip refused; nothing was installed" 3; }
echo "Installed: $target/bin/daylight"
