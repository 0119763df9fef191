#!/bin/sh
# Holds what build.sh made against the tools of others: CycloneDX' schemas 1.6 and 1.7, in-toto's reader of statements, the schema and
# the mandatory tests of CSAF 2.0, a validator of HTML. All versions are pinned; they are installed under target/.
#
#   sh docs/audit-example/validate.sh OUT
#
# 0: all as it must be; 1: something is not; 2: skipped, and what for is said. TWINSEAL_TOOLS as in build.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] && [ -d "$1" ] || { echo "usage: sh docs/audit-example/validate.sh OUT (what build.sh made)" >&2; exit 1; }
out=$(cd "$1" && pwd)
cd "$here/../.."
command -v node > /dev/null && command -v npm > /dev/null || { echo "skipped: needs node and npm"; exit 2; }

tools=${TWINSEAL_TOOLS:-$PWD/target/audit-example}
mkdir -p "$tools"
cp "$here/package.json" "$here/package-lock.json" "$tools/"
# No script of a package is run.
(cd "$tools" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error > /dev/null)
export NODE_PACKAGES="$tools"

code=0
"$tools/bin/python" "$here/validate.py" "$out" || code=1
node "$here/validate.mjs" csaf "$out"/1.0.1/acme-*.json || code=1
node "$here/validate.mjs" html "$out"/audit-*.html || code=1
exit $code
