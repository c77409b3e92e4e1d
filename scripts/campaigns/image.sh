# shellcheck shell=bash disable=SC2034,SC2154,SC2016,SC2317  # variables shared with campaign.sh; called by name
# The image, built for real, and its program run from the image's own root. As root; ~10 min.
# Arguments: [--keep] leaves the store of the image where it was built, for a look.
needs_stack=yes
# shellcheck source=scripts/lib/debian.sh
source "$root/scripts/lib/debian.sh"

campaign() {
  keep=no
  if [ "${1:-}" = --keep ]; then keep=yes; fi
  ((EUID == 0)) || die 'this campaign makes and enters roots: run it as root'
  # In /var/tmp by default: a store may need gigabytes, and some checkouts lie where none may mount.
  work=$(TMPDIR=${TMPDIR:-/var/tmp} mktemp -d -t lensart-image.XXXXXX)
  trap 'verdict=$?; set +e; clean_up; (exit "$verdict"); report' EXIT
  export STORAGE_DRIVER=vfs  # needs nothing of the kernel; containers cannot run here, images can be made
  builder=(buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs)
  commit=$(git -C "$root" rev-parse HEAD)
  make_base
  build_image
  look_at_image
  run_from_image
  say "The image: $(cat "$results/size") MB, $(wc -l <"$results/files") files"
}

clean_up() {
  if [ "$keep" = yes ]; then
    say "left in $work"
  else
    "${builder[@]}" rm --all >/dev/null 2>&1
    rm -rf --one-file-system "$work"
  fi
}

# ---- the image ----------------------------------------------------------------------------------

# What docker.io/library/debian:bookworm-slim is, made here: nothing can be pulled on such machines.
make_base() {
  local container
  debian_root "$work/base"
  container=$("${builder[@]}" from scratch)
  "${builder[@]}" copy --quiet "$container" "$work/base" / >/dev/null
  "${builder[@]}" commit --quiet --rm "$container" docker.io/library/debian:bookworm-slim >/dev/null
  rm -rf --one-file-system "$work/base"
}

build_image() {
  local file volumes=()
  say 'The image by docker/Dockerfile'
  # Only for the build's own steps; nothing of it is in the image, which is checked.
  while IFS= read -r file; do volumes+=(--volume "$file:$file:ro"); done < <(debian_apt_settings)
  # Docker's format: OCI's has no HEALTHCHECK.
  "${builder[@]}" bud --isolation chroot --format docker --pull=never --layers=false \
    --build-arg SOURCE_COMMIT="$commit" "${volumes[@]}" \
    --file "$root/docker/Dockerfile" --tag lensart:campaign "$root" >"$results/build.log" 2>&1 ||
    { tail -n 30 "$results/build.log" >&2; die 'the image does not build'; }
  "${builder[@]}" inspect --type image lensart:campaign >"$results/image.json"
  image=$("${builder[@]}" mount "$("${builder[@]}" from --pull=never lensart:campaign)")
}

# ---- what it is ---------------------------------------------------------------------------------

wrong() { say "wrong: $*"; failed=yes; }

# of_image JQ-FILTER: from its configuration.
of_image() { jq -r ".Docker.config.$1" "$results/image.json"; }

# expect WHAT FOUND WANTED
expect() { [ "$2" = "$3" ] || wrong "$1 is '$2', not '$3'"; }

look_at_image() {
  local name user
  failed=no
  (cd "$image" && find . -xdev | LC_ALL=C sort) >"$results/files"
  du -xsB1000000 --apparent-size "$image" | cut -f1 >"$results/size"
  (($(cat "$results/size") <= 120)) || wrong "it has $(cat "$results/size") MB, more than 120"
  for name in sh bash dash busybox ash apt apt-get dpkg perl python3 gcc cc g++ c++ cc1plus ld make \
    cmake curl wget su sudo mount; do
    if grep -qE "/s?bin/$name$" "$results/files"; then wrong "it holds $name"; fi
  done
  expect 'what can be run' "$(cd "$image" && find . -xdev -type f -perm /111 -not -name '*.so*' | sort)" \
    ./usr/bin/lensart
  expect 'what gives rights' "$(find "$image" -xdev -perm /6000)" ''
  expect 'the number of folders that all may write' \
    "$(find "$image" -xdev -type d -perm -o+w | wc -l)" 1  # /tmp
  expect 'what the user owns' "$(cd "$image" && find . -xdev -user 65532)" ./var/lib/lensart
  expect 'the user' "$(of_image User)" 65532:65532
  user=$(awk -F: '$3 == 65532 {print $1}' "$image/etc/passwd")
  expect "the user's name" "$user" lensart
  expect 'the health check' "$(of_image 'Healthcheck.Test | join(" ")')" 'CMD /usr/bin/lensart health'
  expect 'the entry point' "$(of_image 'Entrypoint | join(" ")')" /usr/bin/lensart
  expect 'the command' "$(of_image 'Cmd | join(" ")')" run
  expect 'the signal to stop' "$(of_image StopSignal)" SIGTERM
  expect 'the volume' "$(of_image 'Volumes | keys | join(" ")')" /var/lib/lensart
  expect 'the ports' "$(of_image 'ExposedPorts | keys | join(" ")')" '8081/tcp 8082/tcp'
  expect 'symbols left' "$(file -b "$image/usr/bin/lensart" | grep -o 'not stripped')" ''
  # Nothing of the machine that built it.
  while IFS= read -r name; do
    if [ -e "$image/$name" ]; then wrong "the machine's $name is in it"; fi
  done < <(debian_apt_settings)
  expect 'the certificates' \
    "$(cmp <(grep -c BEGIN "$image/etc/ssl/certs/ca-certificates.crt") \
      <(cd "$image/etc/ssl/certs" && find . -name '*.[0-9]' | wc -l) && echo each)" each
  [ "$failed" = no ] || die 'the image is not what it shall be'
}

# ---- what it does -------------------------------------------------------------------------------

# in_image ARGUMENT...: the program of the image, in the image's root, as its user, with nothing of
# this machine but the network and /proc; the root read-only, but for the volume.
in_image() {
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    root=$1 state=$2
    shift 2
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount --bind "$state" "$root/var/lib/lensart"
    mount -t proc proc "$root/proc"
    exec env -i PATH=/usr/bin LANG=C.UTF-8 "$@"
  ' bash "$image" "$work/state" "${settings[@]}" \
    /usr/sbin/chroot --userspec=65532:65532 "$image" /usr/bin/lensart "$@"
}

ready() { in_image health >"$results/health.txt" 2>&1; }
ready_or_ended() { ready || ! kill -0 "$program" 2>/dev/null; }

run_from_image() {
  local listen code
  listen=127.0.0.1:$(free_port)
  install -d -m 750 -o 65532 -g 65532 "$work/state"
  # A name in place of an address, so that the image's own resolver is asked.
  settings=("LENSART_KAFKA_BROKERS=localhost:${LENSART_KAFKA_BROKERS##*:}" "LENSART_POSTGRES_DSN=$LENSART_POSTGRES_DSN"
    "LENSART_STATE_DIRECTORY=/var/lib/lensart/state" "LENSART_HTTP_LISTEN=$listen")
  in_image --version | tee "$results/version.txt"
  grep -q "commit ${commit:0:12}, Release" "$results/version.txt" ||
    die 'the program does not say which commit it is of'
  in_image check >"$results/check.txt"
  in_image init
  in_image generate --orders 5000 --disorder 10m --duplicates 0.05 --poison 0.02 --to kafka
  in_image run --until-end
  in_image verify | tee "$results/verify.txt"
  # The health check, before, while and after it runs; and SIGTERM, as a stop sends it.
  if ready; then die 'healthy though nothing runs'; fi
  in_image run 2>"$results/run.log" &
  program=$!
  wait_until 60 ready_or_ended
  ready || { tail "$results/run.log" >&2; die 'the program of the image does not become ready'; }
  pkill -TERM -P "$(pgrep -P "$program")"
  code=0
  wait "$program" || code=$?
  ((code == 0)) || die "told to stop, the program of the image exits $code"
  if find "$image" -xdev -newer "$results/version.txt" -not -path '*/var/lib/lensart*' | grep .; then
    die 'something was written outside the volume'
  fi
}
