# Sourced by the scripts here and by Tests/run.sh: installs the apt packages that are missing, with sudo when not root.

need_swift() {
  command -v swift >/dev/null && return
  echo "There is no Swift toolchain. Install Swift 6.2 or later (https://www.swift.org/install/linux/) and try again." >&2
  exit 1
}

# run_as_root COMMAND...
run_as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "This needs root, and there is no sudo: $*" >&2
    return 1
  fi
}

# need_packages PACKAGE...
need_packages() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  if ! command -v apt-get >/dev/null; then
    echo "Please install what these Debian packages contain: ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}"
  # A server that comes with a package (mosquitto) must not be started: it would take port 1883.
  local policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | run_as_root tee $policy >/dev/null && run_as_root chmod +x $policy && made_policy=yes
  fi
  run_as_root apt-get -qq update || true
  local status=0
  run_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "${missing[@]}" ||
    status=$?
  [ -z "$made_policy" ] || run_as_root rm -f $policy
  [ $status = 0 ] || { echo "apt-get could not install: ${missing[*]}" >&2; exit 1; }
}
