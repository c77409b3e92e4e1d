#!/usr/bin/env bash
# The bill of materials of a built lensart, as CycloneDX 1.5 (JSON): every Debian package whose library
# it is linked with, the headers compiled into it, and what the console bundles, each with its licence.
#   scripts/sbom.sh [--program FILE] [--output FILE]
# The program is build/release/lensart, else build/dev/lensart; the output stdout. Debian only.
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

program='' output=/dev/stdout
while (($#)); do
  case $1 in
    --program) program=${2:?} && shift 2 ;;
    --output) output=${2:?} && shift 2 ;;
    -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown argument '$1'; see scripts/sbom.sh --help" 64 ;;
  esac
done
for built in "$root"/build/{release,dev}/lensart; do
  [ -n "$program" ] || { [ -x "$built" ] && program=$built; }
done
[ -x "$program" ] || die 'no program: build it (cmake --build --preset release), or name --program' 66
command -v dpkg-query >/dev/null || die 'no dpkg-query: this reads the packages of a Debian system' 69

# The licences a package's copyright file names, one a line; of the older free-form files, those that
# they are known by.
licences_of() {
  local file=/usr/share/doc/$1/copyright
  [ -f "$file" ] || { echo "unknown"; return; }
  if head -n 5 "$file" | grep -qi '^Format:'; then
    sed -n 's/^License:[[:space:]]*//p' "$file" | sed 's/[[:space:]]*$//; /^$/d' | sort -u
    return
  fi
  {
    grep -oE 'common-licenses/[A-Za-z]+(-[0-9.]+[0-9])?' "$file" | sed 's/.*\///'
    grep -qi 'curl and libcurl' "$file" && echo curl
    grep -qi 'PostgreSQL Database Management System' "$file" && echo PostgreSQL
    grep -qi 'Massachusetts Institute of Technology' "$file" && echo MIT
    grep -qi 'GCC RUNTIME LIBRARY EXCEPTION' "$file" && echo 'GPL-3+ with GCC-exception-3.1'
    grep -qiE 'zlib.* License|Jean-loup Gailly' "$file" && echo Zlib
    grep -qi 'OpenLDAP Public License' "$file" && echo OpenLDAP-2.8
    grep -qiE 'Redistribution and use in source and binary forms' "$file" && echo BSD
    grep -qi 'Permission is hereby granted, free of charge' "$file" && echo MIT
    true
  } | sort -u | grep . || echo "see $file"
}

# component PACKAGE LINKAGE: one of Debian's.
component() {
  local version licences
  version=$(dpkg-query -W -f '${Version}' "$1")
  licences=$(licences_of "${1%%:*}" | jq -R . | jq -cs 'map({license: {name: .}})')
  jq -cn --arg name "${1%%:*}" --arg version "$version" --arg linkage "$2" \
    --argjson licences "$licences" '{type: "library", "bom-ref": ("deb/" + $name), name: $name,
      version: $version, purl: ("pkg:deb/debian/" + $name + "@" + ($version | @uri)),
      licenses: $licences, properties: [{name: "lensart:linkage", value: $linkage}]}'
}

linked_packages() {
  local library
  ldd "$program" | sed -nE 's/^.*(=> |^\s*)(\/[^ ]+) \(.*/\2/p' | while read -r library; do
    # With /lib a link to /usr/lib, dpkg may know the file by either name.
    dpkg-query -S "$library" "/usr$library" "$(readlink -f "$library")" 2>/dev/null | sed 's/: .*//' || true
  done | sort -u
}

# Headers that are compiled in: the -dev packages above the tests' in packages.txt, unless the program is
# linked with the library they belong to.
header_packages() {
  local linked package library
  linked=$(ldd "$program" | grep -oE '/[^ ]+' | xargs -r readlink -f)
  while read -r package; do
    dpkg-query -W "$package" >/dev/null 2>&1 || continue
    while read -r library; do
      if grep -qxF "$(readlink -f "$library")" <<<"$linked"; then continue 2; fi
    done < <(dpkg-query -L "$package" | grep -E '\.so$')
    echo "$package"
  done < <(sed '/^# Tests/,$d' "$root/scripts/packages.txt" | package_list - | grep -E -- '-dev$')
}

bundled() {
  jq -c '.packages | to_entries[] | select(.key != "") | {type: "library",
    "bom-ref": ("npm/" + (.key | sub("node_modules/"; ""))), name: (.key | sub("node_modules/"; "")),
    version: .value.version, purl: ("pkg:npm/" + (.key | sub("node_modules/"; "") | @uri) + "@" + .value.version),
    licenses: [{license: {name: (.value.license // "unknown")}}],
    properties: [{name: "lensart:linkage", value: "bundled in the console"}]}' \
    "$root/apps/console/vendor/package-lock.json"
}

# lensart 0.1.0 (commit …, …)
read -r _ version _ commit _ <<<"$("$program" --version)"
{
  while read -r package; do component "$package" shared; done < <(linked_packages)
  while read -r package; do component "$package" headers; done < <(header_packages)
  bundled
} | jq -s --arg version "$version" --arg commit "${commit%,}" \
  --arg sum "$(sha256sum "$program" | cut -d ' ' -f 1)" '{bomFormat: "CycloneDX", specVersion: "1.5",
    version: 1, metadata: {component: {type: "application", "bom-ref": "lensart", name: "lensart",
      version: $version, hashes: [{alg: "SHA-256", content: $sum}],
      properties: [{name: "lensart:commit", value: $commit}]}},
    components: (unique_by(."bom-ref")),
    dependencies: [{ref: "lensart", dependsOn: (map(."bom-ref") | unique)}]}' >"$output"
