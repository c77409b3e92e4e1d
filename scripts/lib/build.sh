# shellcheck shell=bash disable=SC2154  # root, cache: common.sh
# Building and testing by preset (CMakePresets.json). Sourced.

# Compiler results are kept in the checkout, unless the user has a cache of their own.
export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache}

# build PRESET [TARGET...]
build() {
  local preset=$1 targets=()
  shift
  if (($#)); then targets=(--target "$@"); fi
  # Presets are found from the root only; a failure has to come out also where set -e is off.
  (
    cd "$root" &&
      { [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null; } &&
      cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}"
  )
}

# run_ctest PRESET [CTEST-ARGUMENT...]: finding no test at all is a failure.
run_ctest() {
  local preset=$1
  shift
  ctest --test-dir "$root/build/$preset" --output-on-failure --no-tests=error \
    --parallel "$(nproc)" "$@"
}
