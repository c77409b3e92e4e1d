# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with the scripts that source this
# What the scripts that operate a whole stack share: their arguments, the choice of the stack, and
# waiting for health. A stack is embedded (lib/embedded.sh) or in containers (lib/containers.sh);
# both files define the same verbs:
#   start_everything             services, topics, tables, pipeline; returns when all is ready
#   stop_everything              the pipeline first; data stay
#   remove_data                  and what is stopped forgets everything
#   restart_everything           the pipeline stops cleanly, then all of it again
#   deploy                       the new program in place of the running one, or back
#   connect                      sets http_url, gateway_url, gateway_headers; dies if nothing runs
#   lensart ARGUMENT...          the program, with this stack's settings
#   sql QUERY                    its answer, unaligned, without headings; after load_settings
#   kafka_command TOOL ARGUMENT...   Kafka's own tools by the names of scripts/stack.sh
#   tell_addresses, last_log     for people
# Sourced.

operate_lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=common.sh
source "$operate_lib/common.sh"
readonly exit_usage=64 exit_away=69 exit_busy=75

# ---- arguments ----------------------------------------------------------------------------------

# needs_value OPTION [VALUE...]: an option's value must be there.
needs_value() { (($# > 1)) || die "$1 needs a value; see ${0##*/} --help" "$exit_usage"; }

# needs_count OPTION VALUE LEAST
needs_count() {
  if [[ ! $2 =~ ^[0-9]{1,9}$ ]] || ((10#$2 < $3)); then
    die "$1 $2: a whole number of at least $3 is needed" "$exit_usage"
  fi
}

# What a script takes besides: it sets `taken` to the number of words it used, or returns 1.
own_argument() { return 1; }

parse_arguments() {
  dir=${LENSART_STACK_DIR:-$root/.lensart} route='' timeout=120 yes=no report_dir='' binary='' config=''
  while (($#)); do
    taken=1
    case $1 in
      -h | --help) usage; exit 0 ;;
      --embedded) route=embedded ;;
      --containers) route=containers ;;
      --dir) needs_value "$@" && dir=$2 route=embedded taken=2 ;;
      --timeout) needs_value "$@" && needs_count --timeout "$2" 1 && timeout=$2 taken=2 ;;
      *) own_argument "$@" ||
        die "'$1' is not known here; see ${0##*/} --help" "$exit_usage" ;;
    esac
    shift "$taken"
  done
  dir=$(realpath -m -- "$dir")
  report_dir=${report_dir:-$dir/reports}
  choose_route
}

# ---- which stack --------------------------------------------------------------------------------

compose() { docker compose -f "$root/docker/compose.yaml" "$@"; }

containers_run() {
  command -v docker >/dev/null && [ -f "$root/docker/compose.yaml" ] &&
    [ -n "$(compose ps --quiet lensart 2>/dev/null)" ]
}

choose_route() {
  if [ -z "$route" ]; then
    route=embedded
    if containers_run; then route=containers; fi
  fi
  case $route in
    embedded) say "Stack: embedded, in $dir (--containers for the other)" ;;
    containers) say 'Stack: the containers of docker/compose.yaml (--embedded for the other)' ;;
  esac
  # shellcheck source=/dev/null
  source "$operate_lib/$route.sh"
}

# One of these scripts at a time may change a stack. Children must not inherit the lock (8>&-).
lock_operation() {
  mkdir -p "$dir"
  exec 8>"$dir/operate.lock"
  flock -n 8 || die "another script works on the stack in $dir; wait until it is done" "$exit_busy"
}

# confirm QUESTION: --yes answers it; without a terminal nobody else can.
confirm() {
  local answer
  if [ "$yes" = yes ]; then return 0; fi
  [ -t 0 ] || die "$1 There is no terminal to ask; --yes says so" "$exit_usage"
  read -r -p "$1 [y/N] " answer
  case $answer in
    y | Y | yes) ;;
    *) die 'not confirmed; nothing was changed' ;;
  esac
}

# ---- health -------------------------------------------------------------------------------------

# The pipeline and its gateway both answer that they are ready.
all_ready() {
  curl -fsS -m 5 -o /dev/null "$http_url/readyz" 2>/dev/null &&
    curl -fsS -m 5 -o /dev/null "$gateway_url/readyz" 2>/dev/null
}

# why_not_ready: the reasons that /readyz gives, one line each.
why_not_ready() {
  local name url answer
  for name in pipeline gateway; do
    url=$http_url
    if [ "$name" = gateway ]; then url=$gateway_url; fi
    answer=$(curl -sS -m 5 "$url/readyz" 2>&1) || true
    say "  $name: $answer"
  done
}

# connect, and nothing goes on unless all of it is ready.
require_ready() {
  connect
  all_ready && return 0
  say 'Not ready:'
  why_not_ready
  die 'the stack is not ready; scripts/start-all.sh starts it' "$exit_away"
}

# load_settings: the effective configuration, once; `setting NAME` is a value of it.
load_settings() {
  effective=$(lensart check --json) || die 'lensart check failed' 78
  schema=$(setting postgres.schema)
}

setting() {
  jq -r --arg name "$1" '.settings[$name].value | if type == "array" then join(" ") else . end' \
    <<<"$effective"
}

# settings_fit EFFECTIVE: whether these settings (the output of `check --json`) are those under which
# the running pipeline's tables were made, as far as they enter a table. Says what differs.
settings_fit() {
  local name recorded different
  name=$(setting pipeline.name)
  recorded=$(sql "SELECT settings FROM pipeline_settings WHERE pipeline = '${name//\'/\'\'}'")
  different=$(jq -rn --argjson recorded "${recorded:-{\}}" --argjson new "$1" --arg name "$name" '
    def comparable($key): if ["jobs", "terminal_statuses"] | index($key) then sort else . end;
    (($recorded | to_entries) + [{key: "name", value: $name}])[]
    | .key as $key
    | ($new.settings["pipeline." + $key] // $new.settings[$key]).value as $value
    | select($value != null and ($value | comparable($key)) != (.value | comparable($key)))
    | "\($key): the tables were made under \(.value | tojson), the new settings say \($value | tojson)"')
  [ -z "$different" ] && return 0
  say "$different"
  say 'Set the old values again; or stop the pipeline and make the tables anew: lensart rebuild.'
  return 1
}
