#!/usr/bin/env bash
# Starts the job on the Flink cluster that $FLINK_HOME/conf names.
#   FLINK_HOME=/opt/flink FLINK_POSTGRES_PASSWORD=... ./submit.sh [OPTION-OF-SQL-CLIENT...]
# The passwords stand in no file but one that only you can read, and only as long as this runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
: "${FLINK_HOME:?is not set: the directory of a Flink 1.18 distribution}"

all=$(cat 1-settings.sql 2-sources.sql 3-views.sql 4-sinks.sql 5-insert.sql)
for name in FLINK_POSTGRES_PASSWORD FLINK_KAFKA_PASSWORD; do
  hole="\${$name}"
  if [[ $all == *"$hole"* ]]; then
    [ -n "${!name+set}" ] || { echo "$name is not set (it may be empty)" >&2; exit 64; }
    value=${!name}
    if [ "$name" = FLINK_KAFKA_PASSWORD ]; then  # between the double quotes of a JAAS entry
      value=${value//\\/\\\\} value=${value//\"/\\\"}
    fi
    value=${value//\'/\'\'}
    all=${all//"$hole"/"$value"}
  fi
done

umask 077
file=$(mktemp)
trap 'rm -f "$file"' EXIT
printf '%s\n' "$all" >"$file"
"$FLINK_HOME/bin/sql-client.sh" -f "$file" "$@"
