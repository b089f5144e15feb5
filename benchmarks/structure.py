"""The packages of rarebind: lines of Python, and who imports whom, as a Mermaid drawing.

    python benchmarks/structure.py [src/rarebind]

Arrows that follow from others (A → B → C makes A → C superfluous) are left out.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path


def room(path: Path, root: Path) -> str:
    """The package, or module of the ground floor, that a file belongs to."""
    return path.relative_to(root).parts[0].removesuffix(".py")


def imported(path: Path, root: Path) -> Iterator[str]:
    """Rooms that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            target = rest.split(".")[0]
            here = (root / target).is_dir() or (root / f"{target}.py").exists()
            if package == root.name and here:
                yield target


def main(root: Path) -> None:
    """Print the table and the drawing."""
    lines: dict[str, int] = {}
    arrows: dict[str, set[str]] = {}
    for path in sorted(root.rglob("*.py")):
        here = room(path, root)
        if here in {"__init__", "__main__"}:
            continue
        lines[here] = lines.get(here, 0) + len(path.read_text(encoding="utf-8").splitlines())
        arrows.setdefault(here, set()).update(set(imported(path, root)) - {here})
    order = [name for name in TopologicalSorter(arrows).static_order() if name in lines]

    def reached(start: str) -> set[str]:
        return set().union(*({other} | reached(other) for other in arrows[start]), set())

    print("| room | lines |\n| --- | ---: |")
    for name in reversed(order):
        print(f"| {name} | {lines[name]} |")
    print(f"| all | {sum(lines.values())} |\n\n```mermaid\ngraph TD")
    for name in reversed(order):
        direct = arrows[name] - set().union(*(reached(other) for other in arrows[name]), set())
        for other in sorted(direct):
            print(f"    {name} --> {other}")
    print("```")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "src/rarebind"))
