"""Options that take several values at once: ``--metals La Eu Lu``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class ManyValuesCommand(TyperCommand):
    """Repeats an option before each of the values that follow it.

    Click takes one value an option; for options that may be repeated, everything up to the next
    option belongs to it here.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Expand `args`, then parse as usual."""
        options = [p for p in self.params if p.param_type_name == "option"]
        many = {flag for option in options if option.multiple for flag in option.opts}
        return super().parse_args(ctx, expand(args, many))


def expand(args: list[str], many: set[str]) -> list[str]:
    """``["--m", "a", "b", "--x"]`` becomes ``["--m", "a", "--m", "b", "--x"]`` for `many` ⊇ --m."""
    expanded: list[str] = []
    current = None
    fresh = False
    for argument in args:
        if argument.startswith("-") and argument != "-":
            current = argument if argument in many else None
            fresh = current is not None
            expanded.append(argument)
        else:
            if current is not None and not fresh:
                expanded.append(current)
            expanded.append(argument)
            fresh = False
    return expanded
