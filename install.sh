#!/usr/bin/env bash
# Installs pbx-sms, or shows it with simulated modems.
#
#   ./install.sh --demo [--port N]    everything needed, then a demo on 127.0.0.1:8080 until Ctrl-C
#   ./install.sh --demo --once        sends the sample list to its end, prints the report, and leaves
#   ./install.sh                      installs the service (as root); safe to repeat
#
#   --root DIR          (service) writes below DIR instead of /, and starts nothing
#   --environment FILE  only prepares .venv with the requirements of FILE
#
# The program runs from this folder. Everything it installs lies in .venv, system packages excepted; the
# demo's data lies in .demo. No question is asked. Debian 12 or newer, or anything with Python 3.11.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv="$here/.venv"
stamp="$venv/.requirements"

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}
usage() {
    sed -n '2,/^set -euo/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
    exit "$1"
}

# --- system packages

# Prints those of the given packages that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s ' "$name"
    done
}

install_packages() {
    local missing
    if ! command -v apt-get >/dev/null; then
        python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
            fail "needs Python 3.11 or newer with its venv module; install it with this system's package manager and start again"
        return
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || fail "these packages are missing: ${missing% }. Start this once as root, or install them with: apt-get install ${missing% }"
    say "Installing packages: ${missing% }"
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update </dev/null
    # shellcheck disable=SC2086  # a list of names
    apt-get -q install -y --no-install-recommends $missing </dev/null
}

# --- virtual environment

# What .venv must have been made from: the requirements, this folder (paths in .venv are absolute), Python.
fingerprint() {
    {
        cat "$here/requirements.txt" "$1"
        printf '%s\n' "$here" "environment 1"
        python3 -c 'import sys; print(sys.version)'
    } | sha256sum | cut -d' ' -f1
}

prepare_environment() {
    local requirements=$1 wanted site
    wanted=$(fingerprint "$requirements")
    if ! { [ -x "$venv/bin/python" ] && grep -qsx "$wanted" "$stamp"; }; then
        say "Preparing $venv"
        # one of another folder or another Python is of no use: its programs name their paths
        if ! { grep -qsF "$venv/" "$venv/bin/pip" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
            python3 -m venv --clear "$venv"
        fi
        rm -f "$stamp"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -r "$requirements"
        site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
        printf '%s\n' "$here" >"$site/pbx-sms.pth"
        printf '#!/bin/sh\nexec "%s/bin/python" -P -m pbx_sms "$@"\n' "$venv" >"$venv/bin/pbx-sms"
        chmod 755 "$venv/bin/pbx-sms"
        {
            printf '%s\n' "$wanted"
            # what is more than asked for serves as well
            fingerprint "$here/requirements.txt"
        } >"$stamp"
    fi
    if [ -d "$here/web/translations" ]; then
        "$venv/bin/pybabel" -q compile -d "$here/web/translations"
    fi
}

# --- service

write_config() {
    local file=$1 database=$2
    [ ! -e "$file" ] || return 0
    cat >"$file" <<EOF
# pbx-sms. Every setting is described in docs/configuration.md.
# After a change: systemctl restart pbx-sms-engine pbx-sms-web

[database]
url = "sqlite:///$database"

# One block for each modem. Which names there are: ls /dev/serial/by-path/
#[[modem]]
#name = "gsm1"
#port = "/dev/serial/by-path/..."
#pin = "1234"

[limits]
per_day = 100
per_month = 3000

[sending]
country = "RU"
time_zone = "Europe/Moscow"

# When mailings of each kind may send, by the recipient's clock: docs/configuration.md
[planner]
advertising_window = "09:00-20:00 Mon-Sat"
information_window = "09:00-21:00"
quiet_hours = "21:00-09:00"

[web]
listen = "127.0.0.1:8080"
EOF
}

# unit NAME COMMAND DESCRIPTION CONFIG STATE_FOLDER
unit() {
    cat <<EOF
[Unit]
Description=$3
After=network.target postgresql.service asterisk.service

[Service]
User=pbx-sms
Group=pbx-sms
SupplementaryGroups=dialout
Environment=PBX_SMS_CONFIG=$4
WorkingDirectory=$5
ExecStart="$venv/bin/pbx-sms" $2
Restart=on-failure
RestartSec=5
# a part that is with the modem may take three minutes; ending it there would leave it unknown
TimeoutStopSec=240
KillMode=mixed
NoNewPrivileges=yes
ProtectSystem=full
PrivateTmp=yes
UMask=0027

[Install]
WantedBy=multi-user.target
EOF
}

install_service() {
    local root=$1 config state units real=no
    [ -n "$root" ] || real=yes
    config="$root/etc/pbx-sms/pbx-sms.toml"
    state="$root/var/lib/pbx-sms"
    units="$root/etc/systemd/system"
    if [ "$real" = yes ]; then
        [ "$(id -u)" = 0 ] || fail "installing the service needs root"
        getent passwd pbx-sms >/dev/null ||
            useradd --system --home-dir "$state" --shell /usr/sbin/nologin --user-group pbx-sms
        usermod --append --groups dialout pbx-sms
        runuser -u pbx-sms -- test -x "$venv/bin/pbx-sms" ||
            fail "the user pbx-sms may not read $here; move this folder to /opt/pbx-sms and start again there"
    fi
    mkdir -p "$(dirname "$config")" "$state" "$units"
    write_config "$config" "$state/pbx-sms.db"
    unit engine run "pbx-sms: sends and receives" "$config" "$state" >"$units/pbx-sms-engine.service"
    unit web web "pbx-sms: the page" "$config" "$state" >"$units/pbx-sms-web.service"
    if [ "$real" = no ]; then
        PBX_SMS_CONFIG=$config "$venv/bin/pbx-sms" db upgrade
        say "Installed below $root; nothing was started."
        return
    fi
    # it may hold a PIN or a password
    chown root:pbx-sms "$config"
    chmod 640 "$config"
    install -d -m 750 -o pbx-sms -g pbx-sms "$state" "$state/pbx-sms.db.wake"
    ln -sfn "$venv/bin/pbx-sms" /usr/local/bin/pbx-sms
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        systemctl stop pbx-sms-web pbx-sms-engine
    fi
    runuser -u pbx-sms -- env PBX_SMS_CONFIG="$config" "$venv/bin/pbx-sms" db upgrade
    if [ -d /run/systemd/system ]; then
        systemctl enable --now --quiet pbx-sms-engine pbx-sms-web
        say "Installed and started: pbx-sms-engine, pbx-sms-web."
    else
        say "Installed. There is no systemd here: start 'pbx-sms run' and 'pbx-sms web' as the user pbx-sms."
    fi
    say "Next: pbx-sms user add NAME --role admin, and your modems in $config (README.md tells how)."
}

# --- arguments

mode=service root="" once=no port="" requirements="$here/requirements.txt"
while [ $# -gt 0 ]; do
    case $1 in
        --demo) mode=demo ;;
        --once) once=yes ;;
        --port)
            port=${2-}
            [[ $port =~ ^[0-9]{1,5}$ ]] || usage 2 >&2
            shift
            ;;
        --root)
            root=${2-}
            [ -n "$root" ] || usage 2 >&2
            shift
            ;;
        --environment)
            mode=environment requirements=${2-}
            [ -f "$requirements" ] || fail "there is no file $requirements"
            requirements=$(realpath "$requirements")
            shift
            ;;
        -h | --help) usage 0 ;;
        *) usage 2 >&2 ;;
    esac
    shift
done
[ "$mode" = demo ] || [ "$once$port" = no ] || usage 2 >&2

install_packages python3 python3-venv ca-certificates tzdata
prepare_environment "$requirements"
case $mode in
    demo)
        arguments=()
        [ "$once" = no ] || arguments+=(--once)
        [ -z "$port" ] || arguments+=(--port "$port")
        cd "$here"
        exec "$venv/bin/python" examples/demo.py "${arguments[@]}"
        ;;
    service)
        if [ -n "$root" ]; then
            mkdir -p "$root"
            root=$(cd "$root" && pwd -P)
        fi
        install_service "$root"
        ;;
esac
