#!/usr/bin/env bash
# Stops everything: the pipeline first, which commits what it has read, then Kafka, PostgreSQL and the
# rest. Data stay. Does nothing when nothing runs.
#   scripts/stop-all.sh [--embedded | --containers] [--dir DIR]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#
# Exit codes: 0 nothing runs any more; 64 wrong command line; 69 docker is missing; 75 another of these
# scripts works on this stack.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"

begin=$EPOCHREALTIME
parse_arguments "$@"
lock_operation
stop_everything
heading "Stopped after $(seconds_since "$begin") s"
