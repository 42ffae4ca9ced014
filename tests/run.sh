#!/usr/bin/env bash
# Installs what the tests need and runs all of them: ruff, mypy, shellcheck, pytest. Debian 12, as root the
# first time (packages). Nothing is skipped: SQLite, PostgreSQL, Chromium and Asterisk are real.
#
#   tests/run.sh            everything; more arguments go to pytest
#   tests/run.sh --fast     core, documents and architecture: seconds, for while one works
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
fast=no
if [ "${1-}" = --fast ]; then
    fast=yes
    shift
fi

# a server and its command-line programs, a browser with what steers it, letters for both languages, what unpacks
# Asterisk and what calls it, and the shell's linter
packages=(
    ca-certificates chromium debootstrap fonts-dejavu-core git iproute2 libatomic1 openssl postgresql
    python3-venv shellcheck sip-tester util-linux
)
cluster_setting=/etc/postgresql-common/createcluster.d/pbx-sms-tests.conf

install_packages() {
    local name missing=()
    for name in "${packages[@]}"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "tests/run.sh: packages are missing; as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    # the tests start a server of their own; the package must not make and start one as well
    mkdir -p "${cluster_setting%/*}"
    trap 'rm -f "$cluster_setting"' EXIT
    echo 'create_main_cluster = false' >"$cluster_setting"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update </dev/null
    apt-get -q install -y --no-install-recommends "${missing[@]}" </dev/null
}

if [ "$fast" = no ] && command -v apt-get >/dev/null; then
    install_packages
    tests/asterisk_root.sh
fi
./install.sh --environment requirements-dev.txt

failed=()
check() {
    echo "--- $*"
    "$@" || failed+=("$*")
}
check .venv/bin/ruff check .
check .venv/bin/ruff format --check .
if [ "$fast" = yes ]; then
    tests=(tests/core tests/test_architecture.py tests/test_docs.py)
else
    check .venv/bin/mypy
    check shellcheck install.sh tests/run.sh tests/asterisk_root.sh asterisk_conf/voicemail_notify.sh examples/ami_send.sh .ci/run
    tests=(tests)
fi
if [ ${#failed[@]} -gt 0 ]; then
    printf 'FAILED: %s\n' "${failed[@]}"
fi
status=0
# a process for each core; a file's tests stay together, because they share what is costly to start
.venv/bin/python -m pytest -n "$(nproc)" --dist loadfile "${tests[@]}" "$@" </dev/null || status=$?
[ ${#failed[@]} -eq 0 ] || [ "$status" -ne 0 ] || status=1
exit "$status"
