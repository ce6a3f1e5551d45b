#!/bin/sh
# Makes one data file of many, coverage.json of it, and the lines of the files in that.
#
#     sh coverage-total.sh REPORTS SOURCE WHERE LINES FILE...
#
# A file that a test wrote and removed again must not prevent a report; `fail_under` judges later.
set -e
reports=$1 source=$2 where=$3 lines=$4
shift 4
here=$(cd "$(dirname "$0")" && pwd)
coverage combine --quiet --keep "$@"
coverage json --ignore-errors --fail-under=0 --quiet -o "$reports/coverage.json"
python "$here/coverage_paths.py" "$reports" "$source" "$where" json
python "$here/coverage_lines.py" "$reports/coverage.json" "$source" "$lines"
