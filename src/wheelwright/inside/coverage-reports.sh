#!/bin/sh
# Writes the other reports of one data file, beside its coverage.json: coverage.xml, .md, and html/.
#
#     sh coverage-reports.sh REPORTS SOURCE WHERE
#
# Each reads every source file anew, so they run at the same time.
set -e
reports=$1 source=$2 where=$3
here=$(cd "$(dirname "$0")" && pwd)
coverage xml --ignore-errors --fail-under=0 --quiet -o "$reports/coverage.xml" &
xml=$!
coverage report --ignore-errors --fail-under=0 --format=markdown >"$reports/coverage.md" &
markdown=$!
coverage html --ignore-errors --fail-under=0 --quiet -d "$reports/html"
wait "$xml"
wait "$markdown"
python "$here/coverage_paths.py" "$reports" "$source" "$where" xml md html
