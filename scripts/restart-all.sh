#!/usr/bin/env bash
# Stops everything as stop-all.sh does and starts it as start-all.sh does, with the same program, data
# and, where they are still free, ports.
#   scripts/restart-all.sh [--embedded | --containers] [--dir DIR] [--timeout SECONDS]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --timeout S       how long to wait for readiness; default: 120
#
# Exit codes: 0 ready again; 64 wrong command line; 69 there is no stack, or it did not become ready in
# time; 75 another of these scripts works on this stack.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"

begin=$EPOCHREALTIME
parse_arguments "$@"
lock_operation
restart_everything
heading "Ready again after $(seconds_since "$begin") s"
tell_addresses
