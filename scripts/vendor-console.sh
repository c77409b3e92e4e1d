#!/usr/bin/env bash
# Makes what the console bundles (apps/console/vendor: uPlot, dagre, the typeface Inter) anew from
# npm, as its package-lock.json has it. Only for whoever changes a version: the files are committed.
#   scripts/vendor-console.sh [--check]     --check: change nothing, exit 1 where they differ
set -euo pipefail
# shellcheck source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

vendor=$root/apps/console/vendor
case ${1:-} in
  '' | --check) ;;
  *) sed -n '2,4s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0; exit 64 ;;
esac

# What is taken, and from where in node_modules. Its licence stands beside each.
files=(
  'uplot.js uplot/dist/uPlot.iife.min.js'
  'uplot.css uplot/dist/uPlot.min.css'
  'uplot.LICENSE uplot/LICENSE'
  'dagre.js @dagrejs/dagre/dist/dagre.min.js'
  'dagre.LICENSE @dagrejs/dagre/LICENSE'
  'graphlib.LICENSE @dagrejs/graphlib/LICENSE'
  'inter.woff2 @fontsource-variable/inter/files/inter-latin-wght-normal.woff2'
  'inter-vietnamese.woff2 @fontsource-variable/inter/files/inter-vietnamese-wght-normal.woff2'
  'inter.LICENSE @fontsource-variable/inter/LICENSE'
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$vendor/package.json" "$vendor/package-lock.json" "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null)

mkdir "$work/out"
for entry in "${files[@]}"; do
  read -r name from <<<"$entry"
  # The maps are not bundled, so nobody shall ask for them.
  case $name in
    *.js) sed '/^\/\/# sourceMappingURL=/d' "$work/node_modules/$from" >"$work/out/$name" ;;
    *) cp "$work/node_modules/$from" "$work/out/$name" ;;
  esac
done

if [ "${1:-}" = --check ]; then
  for file in "$work"/out/*; do
    cmp "$file" "$vendor/$(basename "$file")" || die "$(basename "$file") is not what npm has"
  done
  say 'What is bundled is what npm has.'
else
  cp "$work"/out/* "$vendor"
  say "Copied ${#files[@]} files to apps/console/vendor."
fi
