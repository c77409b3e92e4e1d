#!/usr/bin/env bash
# Starts everything: Kafka, PostgreSQL, topics and tables, the pipeline with console and gateway; waits
# until all of it is ready and prints where it is. What runs already is left alone.
#   scripts/start-all.sh [--embedded | --containers] [--dir DIR] [--timeout SECONDS] [--binary FILE]
#
#   --embedded        a private Kafka and PostgreSQL on free ports, and the program in the background;
#                     all of it in DIR, by default $LENSART_STACK_DIR, else .lensart of the checkout
#   --containers      docker/compose.yaml. Without either: the containers if they run, else embedded
#   --timeout S       how long to wait for readiness; default: 120
#   --binary FILE     the program to run, in place of the one in DIR or a first release build.
#                     deploy-jobs.sh brings in a newer one
#
# Exit codes: 0 ready; 1 the build failed; 64 wrong command line; 69 something did not start or become
# ready in time; 75 another of these scripts works on this stack.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"

# shellcheck disable=SC2034  # for operate.sh and the stack's own file
own_argument() {
  case $1 in
    --binary) needs_value "$@" && binary=$2 taken=2 ;;
    *) return 1 ;;
  esac
}

begin=$EPOCHREALTIME
parse_arguments "$@"
lock_operation
start_everything
heading "Ready after $(seconds_since "$begin") s"
tell_addresses
