#!/usr/bin/env bash
# Builds Forebay and runs it in the foreground with demonstration devices: MQTT on 1883, UDP on 5510, data in
# ./forebay-data. Ctrl-C stops it. What follows is passed on to `forebay run`.
set -euo pipefail
cd "$(dirname "$0")/.."
. systemd/packages.sh

need_swift
need_packages libmosquitto-dev libzstd-dev libcrypt-dev mosquitto-clients
swift build -c release --product forebay
exec "$(swift build -c release --show-bin-path)/forebay" run --demo "$@"
