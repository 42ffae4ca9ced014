#!/usr/bin/env bash
# Unpacks Debian's Asterisk into a folder of its own, once: the tests run it in a chroot. Debian 12 has no
# package of it; testing has, and unstable where testing is just without. As root; prints nothing when done.
#
#   tests/asterisk_root.sh [FOLDER]
set -euo pipefail

folder=${1:-/var/cache/pbx-sms-tests/asterisk}
[ ! -e "$folder/.complete" ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "tests/asterisk_root.sh: the tests' Asterisk is unpacked by root; start tests/run.sh once as root" >&2
    exit 1
fi

# the mirror that this machine takes its own packages from
# shellcheck disable=SC2016  # apt fills it in, not the shell
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
mkdir -p "${folder%/*}"
log=$folder.log
for suite in forky sid; do
    echo "Unpacking Asterisk of Debian $suite into $folder"
    rm -rf "$folder"
    if debootstrap --variant=minbase --include=asterisk,asterisk-modules "$suite" "$folder" "$mirror" \
        /usr/share/debootstrap/scripts/sid >"$log" 2>&1; then
        rm -rf "$folder/var/cache/apt/archives"
        touch "$folder/.complete"
        exit 0
    fi
done
tail -n 20 "$log" >&2
exit 1
