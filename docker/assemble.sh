#!/usr/bin/env bash
# The root of the image, made of a built program and this machine: the program stripped, the shared
# libraries that it loads, certificates, time zones, a user. Called by docker/Dockerfile.
#   docker/assemble.sh PROGRAM DIRECTORY      DIRECTORY: made; must not exist
set -euo pipefail

program=${1:?which program?}
image=${2:?where to?}
[ ! -e "$image" ] || { echo "$image is there already" >&2; exit 64; }
user=65532

install -d "$image"/{dev,etc,proc,sys,tmp,usr/bin,usr/lib,usr/share,var/lib} "$image/etc/lensart"
chmod 1777 "$image/tmp"
# As Debian has it: the loader is found as /lib64/ld-linux-x86-64.so.2.
ln -s usr/bin "$image/bin"
for name in lib lib64; do
  ln -s "usr/$name" "$image/$name"
  install -d "$image/usr/$name"
done

strip --strip-all -o "$image/usr/bin/lensart" "$program"
chmod 755 "$image/usr/bin/lensart"

# Each library under the name by which it is asked for.
ldd "$program" | awk '$2 == "=>" {print $3} $1 ~ /^\// {print $1}' | while IFS= read -r library; do
  [ -f "$library" ] || { echo "ldd: $program needs what is not there" >&2; exit 1; }
  # /lib and /usr/lib are one folder.
  place=$image/usr/${library#/}
  place=${place/\/usr\/usr\//\/usr\/}
  install -D -m 755 "$library" "$place"
done

# TLS for Kafka, PostgreSQL and webhooks. Links become files: what they lead to is not there.
install -d "$image/etc/ssl" "$image/usr/lib/ssl"
cp -rL /etc/ssl/certs "$image/etc/ssl/certs"
ln -s /etc/ssl/certs "$image/usr/lib/ssl/certs"
install -m 644 /etc/ssl/openssl.cnf "$image/etc/ssl/openssl.cnf"
ln -s /etc/ssl/openssl.cnf "$image/usr/lib/ssl/openssl.cnf"

cp -a /usr/share/zoneinfo "$image/usr/share/zoneinfo"
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
printf '%s\n' '127.0.0.1 localhost' '::1 localhost' >"$image/etc/hosts"
printf '%s\n' 'root:x:0:0:root:/:/nonexistent' \
  "lensart:x:$user:$user:lensart:/var/lib/lensart:/nonexistent" >"$image/etc/passwd"
printf '%s\n' 'root:x:0:' "lensart:x:$user:" >"$image/etc/group"
