"""The tutorial's commands and its whole configuration, as they are written there."""

import pathlib
import re

TUTORIAL = pathlib.Path("/payload/in/tutorial.md")


def section(title):
    """The text under a numbered heading of the second rank, up to the next one."""
    lines, inside, fenced = [], False, False
    for line in TUTORIAL.read_text().splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            inside = re.sub(r"^## (\d+\. )?", "", line) == title
        elif inside:
            lines.append(line)
    assert lines, f"the tutorial has no section {title!r}"
    return "\n".join(lines)


def typed(title):
    """What a section's console blocks have typed, in order: the lines after a prompt."""
    blocks = re.findall(r"^```console\n(.*?)^```", section(title), re.M | re.S)
    commands = [line[2:] for block in blocks for line in block.splitlines() if re.match(r"[#$] ", line)]
    assert commands, f"nothing is typed in the section {title!r}"
    return commands


def block(title, language):
    """The first block of a language in a section."""
    found = re.search(rf"^```{language}\n(.*?)^```", section(title), re.M | re.S)
    assert found, f"no block of {language} in the section {title!r}"
    return found[1]
