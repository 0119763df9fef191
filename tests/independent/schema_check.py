"""Holds lines of JSON against a JSON Schema: schema_check.py SCHEMA < LINES.

Stricter than the schema: what it does not name is refused, so that a field can not be written and left undocumented.
Prints how many lines are good. 1, and "refused: " with the first reason: one is not.
"""

import json
import sys

from jsonschema import Draft202012Validator


def strict(schema):
    if isinstance(schema, dict):
        closed = {key: strict(value) for key, value in schema.items()}
        # Not the halves of conditions: those say nothing of the whole object.
        if schema.get("type") == "object" and "properties" in schema:
            closed.setdefault("additionalProperties", False)
        return closed
    return [strict(item) for item in schema] if isinstance(schema, list) else schema


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(strict(schema))
    count = 0
    for line in sys.stdin:
        error = next(iter(validator.iter_errors(json.loads(line))), None)
        if error is not None:
            sys.exit(f"refused: {error.json_path}: {error.message[:300]}")
        count += 1
    print(count)


main()
