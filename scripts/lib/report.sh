# shellcheck shell=bash disable=SC2034,SC2154  # colours: common.sh; report_dir, route: operate.sh
# What a test script finds: told as it goes, and left as Markdown for people and JUnit XML for
# machines in $report_dir. Sourced.
#
#   report_begin TITLE
#   check NAME COMMAND...        runs it in a subshell; passed when it exits 0, its output is why not
#   skip NAME REASON
#   figure NAME VALUE            a line of the report's table of figures
#   report_end STEM              writes STEM.md and STEM.xml; 1 when a check failed

# report_argument ARGUMENT...: what an own_argument of operate.sh may leave to it.
report_argument() {
  case $1 in
    --report) needs_value "$@" && report_dir=$(realpath -m -- "$2") taken=2 ;;
    *) return 1 ;;
  esac
}

report_begin() {
  report_title=$1 report_start=$EPOCHREALTIME report_failed=0 report_cases='' report_figures=''
  mkdir -p "$report_dir"
  heading "$1"
}

# milliseconds_since VALUE-OF-EPOCHREALTIME
milliseconds_since() { echo $(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 1000)); }

record_case() {  # NAME OUTCOME MILLISECONDS TEXT
  report_cases+=$(jq -cn --arg name "$1" --arg outcome "$2" --argjson ms "$3" --arg text "$4" \
    '{$name, $outcome, $ms, text: ($text[0:4000] | gsub("[\u0000-\u0008\u000b\u000c\u000e-\u001f]"; ""))}')
  report_cases+=$'\n'
}

check() {
  local name=$1 start=$EPOCHREALTIME output code=0 time
  shift
  output=$("$@" 2>&1) || code=$?
  time=$(milliseconds_since "$start")
  if ((code)); then
    report_failed=$((report_failed + 1))
    printf '%sFAILED%s   %s\n' "$red" "$plain" "$name"
    output=${output:-exit code $code}
    printf '         %s\n' "${output//$'\n'/$'\n'         }"
    record_case "$name" failed "$time" "$output"
  else
    printf '%spassed%s   %s\n' "$green" "$plain" "$name"
    record_case "$name" passed "$time" ''
  fi
}

skip() {
  printf '%sskipped%s  %s: %s\n' "$yellow" "$plain" "$1" "$2"
  record_case "$1" skipped 0 "$2"
}

figure() {
  printf '         %-34s %s\n' "$1" "$2"
  report_figures+=$(jq -cn --arg name "$1" --arg value "$2" '{$name, $value}')$'\n'
}

report_end() {
  local stem=$report_dir/$1 document
  document=$(jq -n --arg title "$report_title" --arg when "$(date -u +%FT%TZ)" --arg route "$route" \
    --arg program "$(lensart --version 2>/dev/null || echo unknown)" \
    --arg machine "$(nproc) processors, $(uname -sm)" \
    --argjson ms "$(milliseconds_since "$report_start")" \
    --slurpfile cases <(printf '%s' "$report_cases") \
    --slurpfile figures <(printf '%s' "$report_figures") \
    '{$title, $when, $route, $program, $machine, $ms, $cases, $figures,
      failed: ($cases | map(select(.outcome == "failed")) | length),
      skipped: ($cases | map(select(.outcome == "skipped")) | length)}')
  jq -r "$report_markdown" <<<"$document" >"$stem.md"
  jq -r "$report_junit" <<<"$document" >"$stem.xml"
  if ((report_failed)); then
    printf '\n%s%d of the checks failed.%s ' "$red" "$report_failed" "$plain"
  else
    printf '\n%sEverything passed.%s ' "$green" "$plain"
  fi
  printf 'Report: %s.md, %s.xml\n' "$stem" "$stem"
  ((report_failed == 0))
}

report_markdown='
def cell: gsub("\\|"; "\\|") | gsub("<"; "&lt;") | gsub("\n"; "<br>");
"# \(.title)\n",
"\(.when), \(.route) stack, \(.program), \(.machine): " +
  (if .failed == 0 then "passed" else "**\(.failed) failed**" end) +
  " (\(.cases | length) checks, \(.skipped) skipped, \(.ms / 1000) s)\n",
(if .figures != [] then
  "| figure | |", "|---|---|", (.figures[] | "| \(.name | cell) | \(.value | cell) |"), ""
else empty end),
"| check | result | s | |", "|---|---|---|---|",
(.cases[] | "| \(.name | cell) | \(.outcome) | \(.ms / 1000) | \(.text | cell) |")'

report_junit='
def attribute: @html;
"<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
"<testsuite name=\"\(.title | attribute)\" tests=\"\(.cases | length)\" failures=\"\(.failed)\" skipped=\"\(.skipped)\" timestamp=\"\(.when)\" time=\"\(.ms / 1000)\">",
"  <properties>",
(.figures[] | "    <property name=\"\(.name | attribute)\" value=\"\(.value | attribute)\"/>"),
"  </properties>",
(.cases[] | "  <testcase name=\"\(.name | attribute)\" classname=\"lensart\" time=\"\(.ms / 1000)\">" +
  (if .outcome == "failed" then "<failure>\(.text | @html)</failure>"
   elif .outcome == "skipped" then "<skipped message=\"\(.text | attribute)\"/>" else "" end) +
  "</testcase>"),
"</testsuite>"'
