#!/usr/bin/env bash
# What `lensart completions` and `lensart man` print, in use:  completions_test.sh PROGRAM
# bash and man always; zsh and fish where they are installed (scripts/packages-campaign.txt).
set -euo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*" >&2; exit 1; }

"$program" completions bash >"$work/bash"
# shellcheck source=/dev/null
source "$work/bash"

# complete WORD...: what bash offers for the last word, one a line.
offered() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _lensart
  printf '%s\n' "${COMPREPLY[@]}"
}
# expect WHAT WORD...: it is among what is offered.
expect() {
  local what=$1 all
  shift
  all=$(offered "$@")
  grep -qxF -- "$what" <<<"$all" || fail "'$*' does not offer $what, but: ${all//$'\n'/ }"
}
refuse() {
  local what=$1 all
  shift
  all=$(offered "$@")
  if grep -qxF -- "$what" <<<"$all"; then fail "'$*' offers $what"; fi
}

expect doctor lensart ''
expect doctor lensart 'do'
refuse run lensart 'do'
expect --until-end lensart run --
refuse --until-end lensart check --
expect --config lensart run --con
expect replay lensart dlq ''
expect --dry-run lensart dlq replay --
refuse --dry-run lensart dlq list --
expect vi lensart doctor --lang ''
expect mermaid lensart --config x.toml graph --format m
expect zsh lensart completions ''
touch "$work/some.toml"
expect "$work/some.toml" lensart --config "$work/so"

# All commands and options that the help texts have, at their place.
walk() {
  local help name
  help=$("$program" "$@" --help)
  while read -r name; do expect "$name" lensart "$@" --; done < <(
    sed -n '/^Options:/,/^$/s/^  \(-[^ ]*,\)\?\(--[a-z-]*\).*/\2/p' <<<"$help")
  while read -r name; do
    expect "$name" lensart "$@" ''
    walk "$@" "$name"
  done < <(sed -n '/^Subcommands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p' <<<"$help")
}
walk

"$program" man >"$work/lensart.1"
warnings=$(groff -man -Tutf8 -ww -z "$work/lensart.1" 2>&1)
[ -z "$warnings" ] || fail "groff: $warnings"
page=$(MANWIDTH=100 man -l "$work/lensart.1" | col -b)
for words in 'EXIT STATUS' 'lensart dlq replay' '--until-end' '--lang LANGUAGE'; do
  grep -qF -- "$words" <<<"$page" || fail "the manual page has no '$words'"
done

"$program" completions zsh >"$work/_lensart"
if command -v zsh >/dev/null; then
  zsh -n "$work/_lensart"
  zsh -fc "autoload -Uz compinit && compinit -D -d '$work/dump' && source '$work/_lensart' &&
    [[ \$_comps[lensart] == _lensart ]]" || fail 'zsh does not take the completions'
fi
"$program" completions fish >"$work/lensart.fish"
if command -v fish >/dev/null; then
  # in_fish WORD LINE: whether it is offered behind the line.
  in_fish() {
    local all
    all=$(HOME=$work fish --no-config -c "source $work/lensart.fish; complete -C '$2'" | cut -f 1)
    grep -qx -- "$1" <<<"$all"
  }
  in_fish doctor 'lensart d' || fail 'fish does not offer doctor'
  in_fish replay 'lensart dlq ' || fail 'fish does not offer dlq replay'
  in_fish vi 'lensart doctor --lang ' || fail 'fish does not offer --lang vi'
  if in_fish replay 'lensart run '; then fail 'fish offers replay behind run'; fi
fi
echo "completions: all that the help texts have"
