#!/bin/sh
# The compiler, as tests/coverage.py has cargo call it for the crates of this workspace.
exec "$@" -C instrument-coverage
