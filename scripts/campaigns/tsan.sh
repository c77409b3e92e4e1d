# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# What needs no TBB (label notbb) under the thread sanitizer. Arguments go to ctest.
presets=(tsan)

campaign() {
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  # GCC 12's runtime cannot live with as many random address bits as newer kernels use.
  setarch "$(uname -m)" --addr-no-randomize \
    ctest --test-dir "$root/build/tsan" --output-on-failure --no-tests=error \
    --parallel "$(nproc)" --timeout 1200 --label-regex '^notbb$' "$@"
}
