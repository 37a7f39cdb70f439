#!/usr/bin/env bash
# Builds Forebay and installs it as a systemd service: the program, a user of its own, the unit, and an example
# configuration where there is none. May be run again, for a newer version. DESTDIR=DIR installs below DIR instead.
set -euo pipefail
cd "$(dirname "$0")/.."
. systemd/packages.sh

need_swift
need_packages libmosquitto-dev libzstd-dev libcrypt-dev
# With the Swift library inside, so that the box needs no toolchain afterwards.
swift build -c release --product forebay --static-swift-stdlib --scratch-path .build/static
program="$(swift build -c release --static-swift-stdlib --scratch-path .build/static --show-bin-path)/forebay"

root=${DESTDIR:-}
run_as_root install -D -m 755 -s "$program" "$root/usr/local/bin/forebay"
run_as_root install -D -m 644 systemd/forebay.service "$root/etc/systemd/system/forebay.service"
run_as_root install -D -m 644 systemd/forebay.socket "$root/etc/systemd/system/forebay.socket"
run_as_root install -D -m 644 systemd/forebay.sysusers "$root/usr/local/lib/sysusers.d/forebay.conf"
if [ -e "$root/etc/forebay/forebay.json5" ]; then
  echo "Keeping $root/etc/forebay/forebay.json5"
else
  run_as_root install -D -m 644 systemd/forebay.json5 "$root/etc/forebay/forebay.json5"
fi
if [ -z "$root" ]; then
  if command -v systemd-sysusers >/dev/null; then
    run_as_root systemd-sysusers /usr/local/lib/sysusers.d/forebay.conf
  elif ! id forebay >/dev/null 2>&1; then
    run_as_root useradd --system --home-dir /var/lib/forebay --shell /usr/sbin/nologin forebay
  fi
  if [ -d /run/systemd/system ]; then run_as_root systemctl daemon-reload; fi
  forebay check /etc/forebay/forebay.json5 || true
fi

cat <<TEXT

Forebay is installed. Next:
  configure   $root/etc/forebay/forebay.json5, then: forebay check
  start       systemctl enable --now forebay     (after an update: systemctl restart forebay)
  look        systemctl status forebay; sudo forebay status; sudo forebay tail '#'
TEXT
