#!/usr/bin/env bash
# What the scripts tell docker, in which order, and what they do when it fails. There is no docker in
# it: a recorder on PATH stands for it, and a small server for the ports that it says are published.
# It runs in a copy of scripts/ and docker/, which prepare.sh may write to.
# shellcheck disable=SC2317  # called by claim
set -euo pipefail
# shellcheck source=tests/scripts/claims.sh
source "$(dirname "${BASH_SOURCE[0]}")/claims.sh"
work=$(mktemp -d -t lensart-containers.XXXXXX)
trap 'kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
tree=$work/tree
mkdir -p "$tree/docker/secrets" "$work/bin"
cp -r "$scripts" "$tree/scripts"
echo secret >"$tree/docker/secrets/gateway_token"
printf '#!/bin/sh\necho prepare >>"%s/log"\n' "$work" >"$tree/docker/prepare.sh"
touch "$tree/docker/compose.yaml" "$work/log"
chmod +x "$tree/docker/prepare.sh"

settings='{"settings":{"pipeline.name":{"value":"lensart"},"postgres.schema":{"value":"public"},
  "pipeline.time_zone":{"value":"UTC"},"pipeline.jobs":{"value":["b","a"]}}}'
echo "$settings" | tee "$work/settings" >"$work/new-settings"

# Answers every question with 200 and "lensart", or with 503 while the file `sick` is there.
python3 - "$work" <<'PYTHON' &
import http.server, os, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists(sys.argv[1] + "/sick") else 200)
        self.end_headers()
        self.wfile.write(b'{"status":"ready","reasons":[]}')
    def log_message(self, *ignored):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
with open(sys.argv[1] + "/port.new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
PYTHON
server=$!
until [ -f "$work/port" ]; do sleep 0.05; done

# What docker is asked is a line of `log`. A line of `failing` makes the commands that begin so fail; one
# of `heals` ends the sickness.
cat >"$work/bin/docker" <<'RECORDER'
#!/usr/bin/env bash
set -u
work=$(cd "$(dirname "$0")/.." && pwd)
line=$*
line=${line/"-f $work/tree/docker/compose.yaml "/}
begins_with_line_of() {
  local each
  while IFS= read -r each; do [[ $line = "$each"* ]] && return 0; done <"$work/$1" 2>/dev/null
  return 1
}
case $line in
  'compose version') exit ;;
  'compose port kafka '*) echo '127.0.0.1:1'; exit ;;  # where nobody is
  'compose port '*) echo "0.0.0.0:$(cat "$work/port")"; exit ;;
  'compose ps --quiet lensart') cat "$work/running" 2>/dev/null; exit 0 ;;
  'compose exec -T lensart /usr/bin/lensart check --json') cat "$work/settings"; exit ;;
  'compose config --format json') echo '{"services":{"lensart":{"image":"lensart:local"}}}'; exit ;;
esac
echo "$line" >>"$work/log"
case $line in
  *'lensart check --json') cat "$work/new-settings" ;;
  *'SELECT settings FROM pipeline_settings'*) echo '{"time_zone":"UTC","jobs":["a","b"]}' ;;
esac
if begins_with_line_of heals; then rm -f "$work/sick"; fi
if begins_with_line_of failing; then exit 1; fi
RECORDER
chmod +x "$work/bin/docker"
PATH=$work/bin:$PATH

run() {
  local name=$1
  shift
  : >"$work/log"
  "$tree/scripts/$name.sh" "$@"
}
# told LINE...: what docker was asked in the last run, in this order and no more.
told() { equal "$(printf '%s\n' "$@")" "$(cat "$work/log")"; }
# with FILE LINE COMMAND...: the recorder behaves so meanwhile.
with() {
  local file=$work/$1 code=0
  echo "$2" >"$file"
  shift 2
  "$@" || code=$?
  rm -f "$file"
  return "$code"
}

claim 'everything starts' says "http://127.0.0.1:$(cat "$work/port")/" run start-all --containers
claim 'what is missing is prepared, and waited for' \
  told prepare 'compose up --detach'
claim 'a start that fails is told' with failing 'compose up' exits 69 run start-all --containers
touch "$work/sick"
claim 'what does not become ready is told' exits 69 run start-all --containers --timeout 1
rm "$work/sick"

claim 'everything stops' run stop-all --containers
claim 'the pipeline first' told 'compose stop lensart' 'compose stop'
claim 'everything restarts' run restart-all --containers
claim 'and begins with a stop' \
  told 'compose stop lensart' 'compose stop' prepare 'compose up --detach'

echo id >"$work/running"
claim 'the containers are chosen when they run' says 'containers' run stop-all
rm "$work/running"

claim 'a new image is deployed' run deploy-jobs --containers
check='compose run --rm --no-deps -T lensart check --online'
init='compose run --rm --no-deps -T lensart-init'
swap='compose up --detach --no-deps --force-recreate lensart'
fit="compose run --rm --no-deps -T lensart check --json"
recorded="compose exec -T postgres psql -U lensart -d lensart -XqAt -v ON_ERROR_STOP=1 \
-c SET search_path TO \"public\" -c SELECT settings FROM pipeline_settings WHERE pipeline = 'lensart'"
keep='image tag lensart:local lensart:local-previous'
back='image tag lensart:local-previous lensart:local'
claim 'built, checked, stopped, started' \
  told prepare "$keep" 'compose build lensart' "$check" "$fit" "$recorded" 'compose stop lensart' "$init" "$swap" \
    'compose exec -T lensart /usr/bin/lensart --version'
claim 'a build that fails changes nothing' with failing 'compose build' exits 1 run deploy-jobs --containers
claim 'and gives the name back' told prepare "$keep" 'compose build lensart' "$back"
echo "${settings/UTC/Asia}" >"$work/new-settings"
claim 'settings that do not fit the tables are refused' exits 76 run deploy-jobs --containers
claim 'before anything is stopped' \
  told prepare "$keep" 'compose build lensart' "$check" "$fit" "$recorded" "$back"
echo "$settings" >"$work/new-settings"
claim 'topics or tables that fail roll back' with failing "$init" exits 1 run deploy-jobs --containers
claim 'to the image before' told prepare "$keep" 'compose build lensart' "$check" "$fit" "$recorded" 'compose stop lensart' \
  "$init" "$back" "$swap"
touch "$work/sick"
echo "$back" >"$work/heals"
claim 'an image that does not become ready is rolled back' \
  exits 1 run deploy-jobs --containers --timeout 1
claim 'to the image before, which is ready' test ! -e "$work/sick"
rm -f "$work/heals"
claim 'a program of its own is for the embedded stack' \
  exits 64 run deploy-jobs --containers --binary /bin/true

claim 'a Kafka that does not answer is found out' exits 1 run test-kafka-connection --containers
claim 'by tools and program of the containers' told \
  'compose exec -T kafka /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:29092 --describe' \
  'compose exec -T lensart /usr/bin/lensart check --online --json' \
  'compose exec -T lensart /usr/bin/lensart --version'
claim 'data are not deleted unasked' exits 64 run reset-data --containers
claim 'docker is not asked either' told ''
claim 'data are deleted' run reset-data --containers --yes
claim 'with their volumes' told 'compose down --volumes'

# Every service that the scripts name is one of compose.yaml.
services_exist() {
  local file=$scripts/../docker/compose.yaml service
  for service in lensart lensart-init kafka postgres kafka-ui pgadmin prometheus grafana; do
    grep -q "^  $service:\$" "$file" || { echo "no service $service in docker/compose.yaml"; return 1; }
  done
}
if [ -f "$scripts/../docker/compose.yaml" ]; then
  claim 'the services that the scripts name exist' services_exist
fi
PATH=/usr/bin:/bin
hash -r
if ! command -v docker >/dev/null; then
  claim 'without docker it says so' exits 69 run start-all --containers
fi
finish
