#!/usr/bin/env bash
# Makes what docker/compose.yaml needs beside the tree: docker/.env, and random passwords and tokens
# in docker/secrets/. What is there stays as it is, but for the commit in .env.
#   docker/prepare.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

case ${1:-} in
  '') ;;
  *) sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; [ "$1" = --help ] && exit 0; exit 64 ;;
esac

# Others of this machine cannot enter; within a container its user may read a file that it is given.
mkdir -p "$here/secrets"
chmod 700 "$here/secrets"

# secret NAME: 32 random letters and digits, unless there is one.
secret() {
  local file=$here/secrets/$1 text
  if [ -s "$file" ]; then return; fi
  text=$(head -c 256 /dev/urandom | base64 -w 0 | tr -d '+/=')
  printf '%s' "${text:0:32}" >"$file"
  chmod 644 "$file"
}

# set_in_env NAME VALUE
set_in_env() {
  sed "s|^$1=.*|$1=$2|" "$here/.env" >"$here/.env.new"
  mv "$here/.env.new" "$here/.env"
}

hash_of() { sha256sum <"$here/secrets/$1" | cut -d ' ' -f 1; }

for name in postgres_superuser_password postgres_password pgadmin_password grafana_password \
  console_token gateway_token; do
  secret "$name"
done
printf 'postgres:5432:*:lensart:%s\n' "$(cat "$here/secrets/postgres_password")" \
  >"$here/secrets/pgpass"
chmod 644 "$here/secrets/pgpass"

if [ ! -f "$here/.env" ]; then cp "$here/.env.example" "$here/.env"; fi
if grep -q '^LENSART_HTTP_TOKENS=$' "$here/.env"; then
  set_in_env LENSART_HTTP_TOKENS "$(hash_of console_token)"
fi
if grep -q '^LENSART_GATEWAY_TOKENS=$' "$here/.env"; then
  set_in_env LENSART_GATEWAY_TOKENS "$(hash_of gateway_token)"
fi
set_in_env SOURCE_COMMIT "$(git -C "$here" rev-parse HEAD 2>/dev/null || true)"
chmod 600 "$here/.env"

cat <<TEXT
docker/.env and docker/secrets/ are there. Next:
  docker compose -f docker/compose.yaml up -d --build --wait
Console  http://localhost:8081/  token in docker/secrets/console_token
Gateway  http://localhost:8082/  token in docker/secrets/gateway_token
Grafana  http://localhost:3000/  user admin, password in docker/secrets/grafana_password
TEXT
