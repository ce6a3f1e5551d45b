#!/bin/sh
# Makes one data file of many, coverage.json of it, and the lines of the files in that.
#
#     sh coverage-total.sh REPORTS SOURCE WHERE LINES COUNT [CELL]... FILE...
#
# Each of COUNT cells gets a data file and coverage.json of its own files, REPORTS/data/CELL, in REPORTS/cells/CELL.
# One that fails has none: it decides nothing, and data that cannot be read fails the total, which tells why.
# Cells follow one another beside the total: each is a process.
#
# A file that a test wrote and removed again must not prevent a report; `fail_under` judges later.
reports=$1 source=$2 where=$3 lines=$4 count=$5
shift 5
here=$(cd "$(dirname "$0")" && pwd)

combined() {
    at=$1
    shift
    COVERAGE_FILE=$at/coverage.data
    export COVERAGE_FILE
    coverage combine --quiet --keep "$@" &&
        coverage json --ignore-errors --fail-under=0 --quiet -o "$at/coverage.json" &&
        python "$here/coverage_paths.py" "$at" "$source" "$where" json
}

each() {
    left=$count
    for cell; do
        [ "$left" -gt 0 ] || break
        left=$((left - 1))
        at=$reports/cells/$cell
        mkdir -p "$at"
        combined "$at" "$reports/data/$cell/"* >/dev/null 2>&1 || rm -f "$at/coverage.json"
    done
}

each "$@" &
cells=$!
shift "$count"
combined "$reports" "$@" &&
    python "$here/coverage_lines.py" "$reports/coverage.json" "$source" "$lines"
status=$?
wait "$cells"
exit "$status"
