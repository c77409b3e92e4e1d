#!/usr/bin/env bash
# Run once by the PostgreSQL image, when it makes its cluster: the role and the database of lensart,
# which is no superuser.
set -euo pipefail

password=$(head -n 1 /run/secrets/postgres_password)
psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres --set password="$password" <<'SQL'
CREATE ROLE lensart LOGIN PASSWORD :'password';
CREATE DATABASE lensart OWNER lensart;
SQL
