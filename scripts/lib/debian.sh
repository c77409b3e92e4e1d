# shellcheck shell=bash disable=SC2154  # root, cache: common.sh; results: campaign.sh
# A clean Debian 12 in a directory, for the campaigns that build the image and install the package.
# Sourced.

debian_tar=$cache/debian/bookworm.tar

# Where this machine gets its packages from, as debootstrap takes it.
debian_mirror() {
  local mirror
  mirror=$(apt-cache policy | grep -oE 'https?://[^ ]+/debian\b' | head -n 1)
  echo "${mirror:-http://deb.debian.org/debian}"
}

# apt's settings that say how this machine reaches its mirror.
debian_apt_settings() {
  local file
  for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*prox* /etc/apt/apt.conf.d/99*; do
    if [ -f "$file" ]; then echo "$file"; fi
  done
}

# debian_root DIRECTORY: what debian:bookworm-slim holds, made by debootstrap; kept for a week.
debian_root() {
  local made
  if [ -z "$(find "$debian_tar" -mtime -7 2>/dev/null)" ]; then
    say 'A clean Debian 12 by debootstrap'
    made=$(TMPDIR=${TMPDIR:-/var/tmp} mktemp -d -t lensart-debian.XXXXXX)
    if ! debootstrap --variant=minbase --include=ca-certificates bookworm "$made/root" \
      "$(debian_mirror)" >"$made/log" 2>&1; then
      tail "$made/log" >&2
      rm -rf --one-file-system "$made"
      die 'debootstrap failed'
    fi
    mkdir -p "${debian_tar%/*}"
    tar -C "$made/root" -cf "$debian_tar.new" .
    mv "$debian_tar.new" "$debian_tar"
    rm -rf --one-file-system "$made"
  fi
  mkdir -p "$1"
  tar -C "$1" -xf "$debian_tar"
}
