# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # variables shared with campaign.sh; called by name
# Every block of commands and of SQL in README and docs/ is run, as far as it can be on one machine.
# Arguments: [PAGE...], by default README.md and all of docs/ that is read from top to bottom.
# The quick start is not among them: tests/house/quick_start.py runs it as it stands.
presets=(dev)
needs_stack=yes

campaign() {
  cd "$root" || return
  local pages=("$@")
  if ((${#pages[@]} == 0)); then
    mapfile -t pages < <(git ls-files --cached --others --exclude-standard README.md 'docs/*.md' |
      grep -vE 'docs/(quick-start.*|commands|configuration|data-dictionary|api|contract|style|writing-a-.*|plan-status)\.md')
  fi
  export LENSART_HTTP_LISTEN LENSART_GATEWAY_LISTEN
  LENSART_HTTP_LISTEN=127.0.0.1:$(free_port)
  LENSART_GATEWAY_LISTEN=127.0.0.1:$(free_port)
  local lensart=$root/build/dev/lensart
  # Something to be seen in every table.
  export LENSART_STATE_DIRECTORY=$results/state
  rm -rf "$LENSART_STATE_DIRECTORY"
  "$lensart" init
  "$lensart" generate --orders 300 --duplicates 0.05 --poison 0.05
  "$lensart" run --until-end
  python3 "$root/tests/house/run_docs.py" "$lensart" "$results" "${pages[@]}" | tee "$results/report.txt"
}
