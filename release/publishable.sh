#!/bin/sh
# Whether this tree may be published as a release: says all that is in the way; exit code 0 if nothing is, 1 otherwise.
#
#   sh release/publishable.sh
set -eu

cd "$(dirname "$0")/.."
problems=0
problem() { echo "not publishable: $*"; problems=$((problems + 1)); }

# Addresses of nobody (RFC 2606), which stand where the maintainers' have to.
for file in security.txt release/papers.py; do
  if grep -q '^[^#]*\.invalid' "$file"; then problem "$file has an address in .invalid: put the maintainers' own there"; fi
done

# RFC 9116: a contact, and an end that is near enough for somebody to look again.
[ "$(grep -c '^Contact: ' security.txt)" -ge 1 ] || problem "security.txt names no contact"
[ "$(grep -c '^Expires: ' security.txt)" -eq 1 ] || problem "security.txt must say once when it expires"
expires=$(sed -n 's/^Expires: //p' security.txt | head -n 1)
seconds() { date -u -d "$1" +%s 2>/dev/null || echo 0; }
days=$((($(seconds "$expires") - $(date -u +%s)) / 86400))
[ "$days" -ge 30 ] || problem "security.txt expires in $days days: move it on, to less than a year from now"
[ "$days" -le 366 ] || problem "security.txt expires in $days days: RFC 9116 asks for less than a year"

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
grep -q "^## \[$version\]" CHANGELOG.md || problem "CHANGELOG.md has no section for $version"
[ -z "$(git status --porcelain)" ] || problem "the tree has changes that are in no commit"
[ "$(git tag --points-at HEAD | grep -cx "v$version")" -eq 1 ] || problem "this commit has no tag v$version"

[ "$problems" -eq 0 ] && echo "twinseal $version may be published"
[ "$problems" -eq 0 ]
