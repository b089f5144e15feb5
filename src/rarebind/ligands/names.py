"""Names of ligands: what a table and a page can show."""

from __future__ import annotations

#: Characters of a name.
MAX_NAME = 80


def name_problems(name: object) -> list[str]:
    """What is wrong with a name that a user gave; nothing with None, which is no name."""
    problem = ""
    if name is not None and not isinstance(name, str):
        problem = f"the name {name!r} is no text: put it in quotes, or give none"
    elif name and len(name) > MAX_NAME:
        shown = name[:40]
        problem = (
            f"name of {len(name)} characters, beginning {shown!r}: at most {MAX_NAME} are read"
        )
    elif name and not name.isprintable():
        problem = f"the name {name!r} has characters that cannot be shown: retype it"
    return [problem] if problem else []
