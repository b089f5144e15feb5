#!/bin/sh
# Runs every ORCA calculation of this folder that has no finished output, one after another.
# Usage:  sh run_all.sh /absolute/path/to/orca
# Needs nothing but ORCA; may be stopped and started again.

orca=${1:-$(command -v orca)}
case $orca in
/*) ;;
*)
    echo "Usage: sh run_all.sh /absolute/path/to/orca" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")" || exit 1

failed=0
for input in *.inp; do
    name=${input%.inp}
    case $name in *_guess) continue ;; esac
    if grep -q "ORCA TERMINATED NORMALLY" "$name.out" 2>/dev/null; then
        continue
    fi
    # The stable state of an open shell, from which the calculation starts.
    if [ -e "${name}_guess.inp" ] &&
        ! grep -q "ORCA TERMINATED NORMALLY" "${name}_guess.out" 2>/dev/null; then
        "$orca" "${name}_guess.inp" >"${name}_guess.out" 2>"${name}_guess.err"
    fi
    # Only a run that has ended leaves NAME.out.
    "$orca" "$input" >"$name.running" 2>"$name.err"
    mv "$name.running" "$name.out"
    if grep -q "ORCA TERMINATED NORMALLY" "$name.out"; then
        echo "done    $name"
    else
        echo "FAILED  $name" >&2
        failed=1
    fi
done
exit $failed
