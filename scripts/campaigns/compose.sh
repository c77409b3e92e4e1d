# shellcheck shell=bash disable=SC2016,SC2034,SC2154,SC2317  # variables shared with campaign.sh; called by name
# The Compose files rehearsed without Docker: Kafka, ZooKeeper, PostgreSQL, lensart and Prometheus with the
# addresses, settings and secrets they give them, and docker/README.md's own commands. As root.

# All of it in a network namespace of its own, so that ports are as written; names by /etc/hosts.
campaign() {
  local kind place
  made=()
  ((EUID == 0)) || die 'this campaign makes a network of its own: run it as root'
  work=$(TMPDIR=${TMPDIR:-/var/tmp} mktemp -d -t lensart-compose.XXXXXX)
  trap 'verdict=$?; set +e; ((${#made[@]})) && rmdir "${made[@]}"; rm -rf --one-file-system "$work"; (exit "$verdict"); report' EXIT
  build dev lensart  # none of the tests of dev
  # What is in the containers is mounted over these, in the other namespace only.
  for place in /etc/lensart /run/secrets /var/lib/lensart /var/lib/kafka /var/lib/kafka/data; do
    if [ ! -e "$place" ]; then mkdir "$place" && made=("$place" "${made[@]}"); fi
  done
  run_ctest dev -R '^docker_'
  # A copy, so that prepare.sh leaves the checkout alone.
  cp -r "$root/docker" "$work/docker"
  rm -rf "$work/docker/.env" "$work/docker/secrets"
  "$work/docker/prepare.sh" >/dev/null
  for kind in kraft zookeeper; do
    say "== $kind"
    kind=$kind work=$work results=$results unshare --net --uts --mount --pid --fork --kill-child --mount-proc \
      bash "$root/scripts/campaigns/compose/rehearse.sh"
  done
}
