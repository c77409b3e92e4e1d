#!/usr/bin/env bash
# Stops everything and deletes its data: Kafka's topics, PostgreSQL's tables, the pipeline's state.
# Program, settings, log and reports stay. start-all.sh begins anew.
#   scripts/reset-data.sh [--embedded | --containers] [--dir DIR] [--yes]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --yes             do not ask
#
# Exit codes: 0 the data are gone; 1 not confirmed, nothing was changed; 64 wrong command line, or
# neither --yes nor a terminal to ask on; 69 docker is missing; 75 another of these scripts works on
# this stack.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"

# shellcheck disable=SC2034  # for operate.sh and the stack's own file
own_argument() {
  case $1 in
    --yes) yes=yes ;;
    *) return 1 ;;
  esac
}

parse_arguments "$@"
what=$dir
if [ "$route" = containers ]; then what='the containers of docker/compose.yaml'; fi
confirm "Delete all topics, tables and state of $what?"
lock_operation
remove_data
heading 'The data are gone. scripts/start-all.sh begins anew.'
