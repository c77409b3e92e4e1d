#!/usr/bin/env bash
# submit.sh, as `lensart export flink-sql` writes it: passwords get in, whatever is in them, into one
# file that nobody else can read and that is gone afterwards. Argument: the program.
set -euo pipefail
lensart=$1
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

mkdir "$home/bin"
cat >"$home/bin/sql-client.sh" <<'CLIENT'
#!/usr/bin/env bash
[ "$1" = -f ] || exit 3
stat -c %a "$2" >"${0%/*}/../mode"
echo "$2" >"${0%/*}/../path"
cp "$2" "${0%/*}/../read.sql"
shift 2
echo "$*" >"${0%/*}/../rest"
CLIENT
chmod +x "$home/bin/sql-client.sh"

cat >"$home/lensart.toml" <<'TOML'
[postgres]
dsn = "host=db dbname=shop user=lensart"
[kafka.properties]
"security.protocol" = "sasl_ssl"
"sasl.mechanism" = "PLAIN"
"sasl.username" = "u"
"sasl.password" = "x"
TOML
cd "$home"
"$lensart" export flink-sql --out "$home/out" >/dev/null 2>"$home/warnings"
grep -q 'allowed_lateness' "$home/warnings" || fail 'the warnings are not on stderr'
"$lensart" export flink-sql --out "$home/out" >/dev/null 2>"$home/refusal" && fail 'written over'
grep -q -- '--force' "$home/refusal" || fail 'the refusal does not name --force'

export FLINK_HOME=$home
if FLINK_POSTGRES_PASSWORD=x "$home/out/submit.sh" 2>"$home/refusal"; then
  fail 'a variable that is missing is not noticed'
fi
grep -q FLINK_KAFKA_PASSWORD "$home/refusal" || fail 'the missing variable is not named'

FLINK_POSTGRES_PASSWORD="it's & \\1" FLINK_KAFKA_PASSWORD='k&"y' \
  "$home/out/submit.sh" --jar 'a b.jar'
grep -qF "'password' = 'it''s & \\1'" "$home/read.sql" || fail 'the password is not as it was'
grep -qF 'password="k&\"y";' "$home/read.sql" || fail "Kafka's password is not as it was"
# shellcheck disable=SC2016  # the variables' own names
grep -qF '${FLINK_' "$home/read.sql" && fail 'a variable is left'
[ "$(cat "$home/mode")" = 600 ] || fail 'others can read the passwords'
[ -e "$(cat "$home/path")" ] && fail 'the file with the passwords is left behind'
[ "$(cat "$home/rest")" = '--jar a b.jar' ] || fail 'options do not reach the client'
for word in SET 'CREATE TABLE kafka_events' 'CREATE VIEW events' 'CREATE TABLE orders_raw' EXECUTE; do
  grep -qF "$word" "$home/read.sql" || fail "no $word"
done
