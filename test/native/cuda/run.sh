#!/usr/bin/env bash
# Every check of the GPU backend, on a machine with an NVIDIA GPU, nvcc 13.0 and cmake: test/native/cuda/run.sh [check | sanitize] [BUILD]
# check: kernels, fixtures, speed, idle release, limits, faults. sanitize: compute-sanitizer's memcheck and racecheck. Ends with what failed.
set -uo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
what=${1:-check}
build=${2:-$root/dist/build/cuda-check}
model=$root/model
failed=()

mkdir -p "$build"
cmake -S "$root/native" -B "$build" -DCMAKE_CUDA_ARCHITECTURES=native >"$build.log" 2>&1 &&
  cmake --build "$build" --parallel --target everyline_cuda everyline_faulty cuda_check cuda_kernels >>"$build.log" 2>&1 ||
  { tail -40 "$build.log"; exit 1; }

library=$build/everyline-cuda.so
limit=60
[ "$what" = sanitize ] && limit=300
try() {
  echo "== $*"
  timeout "$limit" "$@" || failed+=("$*")
}

if [ "$what" = sanitize ]; then
  # racecheck takes some thousand times as long as the program alone: each kernel once or a few times.
  for run in "memcheck small" "racecheck brief"; do
    tool=${run% *}
    try compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/cuda_kernels" small
    try compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/cuda_check" "$library" "$model" "${run#* }"
  done
else
  try "$build/cuda_kernels"
  try "$build/cuda_check" "$library" "$model" speed
  try "$build/cuda_check" "$library" "$model" idle
  try "$build/cuda_check" "$library" "$model" limits
  for fault in "create memory" "encode trap" "encode address" "encode memory" "search trap" "search memory" "advance address" "advance memory"; do
    export EVERYLINE_FAULT=$fault EVERYLINE_REAL=$library
    try "$build/cuda_check" "$build/everyline-cuda-faulty.so" "$model" faults
  done
  head -c 100000 "$library" >"$build/cut-short.so"
  EVERYLINE_FAULT="create library" try "$build/cuda_check" "$build/cut-short.so" "$model" faults
fi
echo "${#failed[@]} of the programs failed"
printf '%s\n' "${failed[@]}"
[ "${#failed[@]}" -eq 0 ]
