#!/usr/bin/env bash
# Refuses imports against the arrows of the house, and what the house does not have. Prints file and line of each.
set -euo pipefail
cd "$(dirname "$0")/.."

# A stage, and what it may import.
arrows='
Bytes:      CChecksum
JSON5:
Records:    Bytes
Wire:       Records Bytes
Platform:   CLinux CZstd CCrypt Glibc Bytes
Mosquitto:  CMosquitto
Storage:    Platform Records Bytes
Ingress:    Storage Wire Mosquitto Platform Records Bytes
Routing:    Storage Platform Records Bytes
Uplink:     Storage Wire Mosquitto Platform Records Bytes
Query:      Storage Platform Records Bytes
Console:    Wire Platform Bytes
Daemon:     Console Uplink Routing Ingress Storage Mosquitto Wire Platform Records JSON5 Bytes
forebay:    Daemon Ingress Query Console Uplink Storage Wire Platform Records Bytes
'
standard_library='Synchronization'
problems=0

report() {
  echo "$1"
  problems=$((problems + 1))
}

for directory in Sources/*/; do
  stage=$(basename "$directory")
  case $stage in C[A-Z]*) continue ;; esac
  if ! grep -q "^$stage:" <<<"$arrows"; then
    report "$directory: a stage that Tests/check-imports.sh does not know; add its arrows there"
    continue
  fi
  allowed=" $(sed -n "s/^$stage: *//p" <<<"$arrows") $standard_library "
  while IFS=: read -r file line statement; do
    module=$(sed -E 's/.*import +((struct|enum|class|protocol|func|var|typealias) +)?([A-Za-z0-9_]+).*/\3/' <<<"$statement")
    case $allowed in
      *" $module "*) ;;
      *) report "$file:$line: $stage must not import $module" ;;
    esac
  done < <(grep -rnE '^ *(@[A-Za-z_()]+ +)*((package|internal|public|private|fileprivate) +)?import +' "$directory" --include='*.swift')
done

while IFS= read -r found; do
  report "$found: nothing here is public; use package"
done < <(grep -rnE '^ *(@[A-Za-z]+ +)*(public|open) +(final +|static +|mutating +|indirect +)*(struct|class|enum|protocol|func|var|let|init|extension|typealias|actor|import)\b' Sources --include='*.swift' | cut -d: -f1,2)

while IFS= read -r found; do
  report "$found: tests use the package's own declarations, no @testable"
done < <(grep -rn '@testable' Tests --include='*.swift' | cut -d: -f1,2)

while IFS= read -r found; do
  report "$found: nothing here imports Foundation"
done < <(grep -rnE '^ *(@[A-Za-z_()]+ +)*import +Foundation' Sources Tests --include='*.swift' | cut -d: -f1,2)

if [ $problems -gt 0 ]; then
  echo "$problems imports or declarations against the house" >&2
  exit 1
fi
