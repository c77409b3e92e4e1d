#!/usr/bin/env bash
# Brings a new program, or new settings, into a running stack: checks both beside the running
# pipeline, stops that, starts the new one, waits until it is ready, and goes back to the old one by
# itself if it does not become ready. Kafka and PostgreSQL run on; events wait in Kafka meanwhile.
#   scripts/deploy-jobs.sh [--embedded | --containers] [--dir DIR] [--timeout SECONDS]
#                          [--binary FILE] [--config FILE]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --timeout S       how long the new one may take to become ready; default: 120
#   --binary FILE     the new program; default: the release build, made first (embedded only)
#   --config FILE     new settings, copied to DIR/lensart.toml (embedded only; the containers mount
#                     docker/lensart.toml)
#
# A program that brings the schema to a newer version cannot be rolled back past that: the old one
# refuses to start, and this says so.
# Exit codes: 0 the new one is ready; 1 rolled back, the old one is ready; 64 wrong command line;
# 69 nothing runs, a service is away, or neither the new one nor the old one became ready; 75 another
# of these scripts works on this stack; other codes are those of `lensart check` (76 state, 78
# configuration): refused, and nothing was touched.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"

# shellcheck disable=SC2034  # for operate.sh and the stack's own file
own_argument() {
  case $1 in
    --binary) needs_value "$@" && binary=$2 taken=2 ;;
    --config) needs_value "$@" && config=$2 taken=2 ;;
    *) return 1 ;;
  esac
}

begin=$EPOCHREALTIME
parse_arguments "$@"
lock_operation
deploy
heading "Deployed after $(seconds_since "$begin") s: $(lensart --version)"
