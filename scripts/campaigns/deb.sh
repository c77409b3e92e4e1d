# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2317  # variables shared with campaign.sh; called by name
# The Debian package: built, judged, and in a clean Debian 12 with its own systemd installed, run by its
# unit, upgraded, removed, purged. As root: boots that Debian by systemd-nspawn, on this machine's network.
presets=(release)
needs_stack=yes
# shellcheck source=scripts/lib/debian.sh
source "$root/scripts/lib/debian.sh"

worst_exposure=25  # of `systemd-analyze security`, in tenths

campaign() {
  ((EUID == 0)) || die 'this campaign makes and enters a root: run it as root'
  version=$(sed -n 's/^project(lensart VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
  next=${version%.*}.$((${version##*.} + 1))
  package=lensart_${version}_$(dpkg --print-architecture).deb
  next_package=lensart_${next}_$(dpkg --print-architecture).deb
  work=$(TMPDIR=${TMPDIR:-/var/tmp} mktemp -d -t lensart-deb.XXXXXX)
  trap 'verdict=$?; set +e; clean_up; (exit "$verdict"); report' EXIT
  make_packages
  judge_package
  make_debian
  judge_units
  say "== installs $version"
  install_package "$package"
  first_life
  say "== upgrades to $next"
  upgrade
  say '== removes, installs again'
  remove_and_return
  say '== purges'
  purge
}

clean_up() {
  if [ -n "$machine" ]; then
    in_debian systemctl poweroff >/dev/null 2>&1 || true
    wait_until 60 eval '! kill -0 "$machine" 2>/dev/null' || kill -KILL "$machine"
    wait "$machine" 2>/dev/null
  fi
  rm -rf --one-file-system "$work"
}
machine=''

# ---- the package --------------------------------------------------------------------------------

make_packages() {
  local number
  for number in "$version" "$next"; do
    (cd "$root/build/release" && cpack -G DEB -R "$number" -B "$work/packages") \
      >"$results/cpack-$number.log" 2>&1 || { tail "$results/cpack-$number.log" >&2; die 'cpack failed'; }
  done
  cp "$work/packages/$package" "$results"
  dpkg-deb --info "$results/$package" >"$results/info.txt"
  dpkg-deb --contents "$results/$package" >"$results/contents.txt"
}

judge_package() {
  # Depends on what the program loads, and on nothing that only builds it.
  grep -E '^ Depends: ' "$results/info.txt" | grep -q librdkafka1 || die 'it does not depend on librdkafka1'
  if grep -E '^ Depends: ' "$results/info.txt" | grep -E -- '-dev\b|cmake'; then die 'it depends on what builds it'; fi
  lintian --no-cfg --fail-on error --tag-display-limit 0 --allow-root "$results/$package" \
    >"$results/lintian.txt" 2>&1 || { cat "$results/lintian.txt" >&2; die 'lintian finds errors'; }
  say "lintian: no error, $(grep -c '^W:' "$results/lintian.txt") warnings"
}

# ---- a clean Debian -----------------------------------------------------------------------------

make_debian() {
  local file
  debian=$work/debian
  debian_root "$debian"
  while IFS= read -r file; do cp "$file" "$debian$file"; done < <(debian_apt_settings)
  cp /etc/resolv.conf /etc/hosts "$debian/etc/"
  {
    in_root apt-get -qq update
    in_root apt-get -qq install -y --no-install-recommends dbus systemd systemd-sysv
  } >"$results/systemd.log" 2>&1 || { tail "$results/systemd.log" >&2; die 'systemd cannot be installed'; }
  systemd-nspawn --quiet --directory="$debian" --boot --register=no --keep-unit --private-users=no \
    --console=pipe >"$results/boot.log" 2>&1 </dev/null &
  machine=$!
  wait_until 60 has_booted || { tail "$results/boot.log" >&2; die 'the clean Debian does not boot'; }
}
has_booted() {
  leader=$(pgrep -P "$machine") && [[ $(in_debian systemctl is-system-running 2>/dev/null) =~ running|degraded ]]
}

clean_environment=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
  LANG=C.UTF-8 HOME=/)
# in_root COMMAND...: before it has booted.
in_root() {
  "${clean_environment[@]}" unshare --mount --pid --fork bash -c 'mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"' "$debian" "$@"
}
# in_debian COMMAND...: in the Debian that runs.
in_debian() {
  nsenter --target "$leader" --mount --uts --ipc --pid --cgroup --root --wd "${clean_environment[@]}" "$@"
}

judge_units() {
  local unit
  mkdir -p "$work/unpacked"
  dpkg-deb -x "$results/$package" "$work/unpacked"
  for unit in lensart lensart-init; do
    systemd-analyze security --offline=true --threshold="$worst_exposure" \
      "$work/unpacked/lib/systemd/system/$unit.service" >"$results/security-$unit.txt" ||
      { tail -n 1 "$results/security-$unit.txt" >&2; die "$unit.service is too exposed"; }
    tail -n 1 "$results/security-$unit.txt" >&2
  done
}

# ---- its life -----------------------------------------------------------------------------------

install_package() {
  cp "$work/packages/$1" "$debian/srv/"
  in_debian apt-get -qq install -y --no-install-recommends "/srv/$1" >"$results/install.log" 2>&1 ||
    { tail -n 30 "$results/install.log" >&2; die "$1 cannot be installed"; }
  rm "$debian/srv/$1"
}

# As lensart.service runs it: its user, its directory, its configuration, nothing of ours besides.
as_service() {
  in_debian setpriv --reuid lensart --regid lensart --init-groups --no-new-privs --bounding-set=-all \
    sh -c 'cd /var/lib/lensart && exec lensart --config /etc/lensart/lensart.toml "$@"' sh "$@"
}

# expect WHAT FOUND WANTED
expect() { [ "$2" = "$3" ] || die "$1 is '$2', not '$3'"; }
mode_of() { in_debian stat -c '%U:%G %a' "$1"; }
state_of() { find "$debian/var/lib/lensart" -type f -exec sha256sum {} + | sort; }

expect_installed() {
  expect 'the version' "$(in_debian dpkg-query -W -f '${Version}' lensart)" "$1"
  expect "the program's version" "$(in_debian lensart --version | cut -d ' ' -f 2)" "$version"
  expect 'the state directory' "$(mode_of /var/lib/lensart)" 'lensart:lensart 750'
  expect 'the log directory' "$(mode_of /var/log/lensart)" 'lensart:lensart 750'
  expect 'the settings' "$(mode_of /etc/lensart/lensart.toml)" 'root:lensart 640'
  expect 'the shell of its user' "$(in_debian getent passwd lensart | cut -d : -f 7)" /usr/sbin/nologin
}

# property NAME [UNIT]
property() { in_debian systemctl show --value --property "$1" "${2:-lensart}"; }
is_ready() { as_service health >/dev/null 2>&1; }
await_ready() {
  wait_until 60 is_ready || { in_debian journalctl --no-pager -n 20 -u lensart >&2; die 'it does not become ready'; }
}
# As many records as the topics hold are accounted for, so that what is verified is all there is.
has_all() { [ "$(lag)" = 0 ] && [ "$(accounted)" = "$1" ]; }
lag() { curl -fsS "http://$listen/metrics" | awk '/^lensart_consumer_lag_records|^lensart_outbox_epochs/ {n += $NF} END {print n + 0}'; }
accounted() { psql -qAtX "$LENSART_TEST_ADMIN_DSN" -c 'SELECT sum(consumed) FROM pipeline_accounts'; }
sent=0
send() {
  local records
  records=$(as_service generate --json "$@" | jq .records)
  sent=$((sent + records))
  wait_until 120 has_all "$sent" || die "of $sent records $(accounted) are in the tables"
}

first_life() {
  expect_installed "$version"
  in_debian systemd-analyze verify --man=no lensart.service lensart-init.service \
    >"$results/verify-units.txt" 2>&1 || { cat "$results/verify-units.txt" >&2; die 'the units are wrong'; }
  expect 'whether it runs unasked' "$(property ActiveState)" inactive
  # What an operator does: says where things are.
  listen=127.0.0.1:$(free_port)
  sed -i -e "s|^brokers = .*|brokers = \"$LENSART_KAFKA_BROKERS\"|" \
    -e "s|^dsn = .*|dsn = \"$LENSART_POSTGRES_DSN\"|" \
    -e "s|^listen = .*|listen = \"$listen\"|" "$debian/etc/lensart/lensart.toml"
  edited=$(sha256sum <"$debian/etc/lensart/lensart.toml")
  as_service check >"$results/check.txt"
  in_debian systemctl start lensart-init
  in_debian systemctl enable --now lensart 2>/dev/null
  await_ready
  is_confined
  send --orders 3000 --seed 1 --disorder 10m --duplicates 0.05 --poison 0.02
  as_service verify
  in_debian systemctl reload lensart
  await_ready
  restarts
}

# What the unit says is so for the process.
is_confined() {
  local process
  process=/proc/$(property MainPID)
  expect 'its user' "$(in_debian stat -c %U "$process")" lensart
  in_debian cat "$process/status" >"$results/process.txt"
  expect 'its rights' "$(awk '/^(CapEff|CapBnd|NoNewPrivs|Seccomp):/ {printf "%s ", $2}' "$results/process.txt")" \
    '0000000000000000 0000000000000000 1 2 '
  in_debian cat "$process/mountinfo" >"$results/mounts.txt"
  expect 'its root' "$(awk '$5 == "/" {print substr($6, 1, 2)}' "$results/mounts.txt")" ro
  expect 'its state' "$(awk '$5 == "/var/lib/lensart" {print substr($6, 1, 2)}' "$results/mounts.txt")" rw
}

# After what may pass, and not after what needs a person.
restarts() {
  in_debian systemctl kill --signal=KILL --kill-whom=main lensart
  wait_until 30 eval '[ "$(property NRestarts)" = 1 ]' || die 'killed, it is not started again'
  await_ready
  sed -i 's/^listen = .*/listen = "nowhere"/' "$debian/etc/lensart/lensart.toml"
  in_debian systemctl restart lensart || true
  wait_until 30 eval '[ "$(property ActiveState)" = failed ]' || die 'with a wrong setting it is not failed'
  expect 'the exit code of a wrong setting' "$(property ExecMainStatus)" 78
  sleep 7  # longer than RestartSec
  expect 'a wrong setting is' "$(property ActiveState) $(property NRestarts)" 'failed 0'
  sed -i "s|^listen = .*|listen = \"$listen\"|" "$debian/etc/lensart/lensart.toml"
  expect 'the settings' "$(sha256sum <"$debian/etc/lensart/lensart.toml")" "$edited"
  in_debian systemctl start lensart
  await_ready
}

upgrade() {
  local before
  before=$(property MainPID)
  install_package "$next_package"
  expect_installed "$next"
  expect 'what the operator wrote' "$(sha256sum <"$debian/etc/lensart/lensart.toml")" "$edited"
  [ "$(property MainPID)" != "$before" ] || die 'the old program runs on after the upgrade'
  await_ready
  send --orders 500 --seed 2 --first-order 100000
  as_service verify
}

remove_and_return() {
  local before
  in_debian systemctl stop lensart
  before=$(state_of)
  [ -n "$before" ] || die 'there is no state to keep'
  in_debian systemctl start lensart
  await_ready
  in_debian apt-get -qq remove -y lensart >"$results/remove.log" 2>&1
  [ ! -e "$debian/usr/bin/lensart" ] || die 'the program is still there'
  if curl -fsS "http://$listen/livez" >/dev/null 2>&1; then die 'removed, it still runs'; fi
  expect 'the files of the state after removal' "$(state_of | wc -l)" "$(wc -l <<<"$before")"
  expect 'the settings after removal' "$(sha256sum <"$debian/etc/lensart/lensart.toml")" "$edited"
  install_package "$next_package"
  expect 'whether it is enabled again' "$(in_debian systemctl is-enabled lensart)" enabled
  in_debian systemctl start lensart
  await_ready
  send --orders 200 --seed 3 --first-order 200000
  as_service verify
}

purge() {
  local place
  in_debian apt-get -qq purge -y lensart >"$results/purge.log" 2>&1
  for place in /etc/lensart /var/lib/lensart /var/log/lensart /lib/systemd/system/lensart.service \
    /etc/logrotate.d/lensart /etc/systemd/system/multi-user.target.wants/lensart.service \
    /etc/systemd/system/lensart.service; do
    if [ -e "$debian$place" ] || [ -L "$debian$place" ]; then die "$place outlives a purge"; fi
  done
}
