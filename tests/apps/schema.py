"""Holds texts against a JSON Schema: {"schema": …, "texts": {NAME: TEXT}} on stdin, and on stdout what came of each.

"good", "bad", or "none" for a text that is no JSON, comments and a comma behind the last entry apart.
"""

import json
import re
import sys

from jsonschema import Draft202012Validator

STRING = r'"(?:\\.|[^"\\\n])*"'


def plain(text):
    """A text without what JSON has not and our configuration has."""
    text = re.sub(rf"({STRING})|//[^\n]*|/\*.*?\*/", lambda found: found[1] or " ", text, flags=re.S)
    return re.sub(rf"({STRING})|,(?=\s*[}}\]])", lambda found: found[1] or "", text, flags=re.S)


def refused(word):
    raise ValueError(word)


asked = json.load(sys.stdin)
Draft202012Validator.check_schema(asked["schema"])
validator = Draft202012Validator(asked["schema"])
answers = {}
for name, text in asked["texts"].items():
    try:
        value = json.loads(plain(text), parse_constant=refused)
    except ValueError:
        answers[name] = "none"
        continue
    answers[name] = "good" if validator.is_valid(value) else "bad"
json.dump(answers, sys.stdout)
