"""The card of a dataset: a README that says what is in it, with every number taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rarebind.datasets.card_sections import level_section, markdown_table, overview
from rarebind.datasets.card_text import (
    ABOUT,
    CAPTIONS,
    FIELDS,
    LICENCE,
    LIMITS,
    SEVERAL_LEVELS,
    STATE_FIELDS,
)
from rarebind.datasets.figures import draw_figures
from rarebind.datasets.shards import SHARDS, Dataset
from rarebind.datasets.statistics import complexes, levels
from rarebind.datasets.table import Row
from rarebind.io.files import replace_file

CARD, FIGURES = "README.md", "figures"


def write_card(
    dataset: Dataset, *, title: str = "Rare-earth complexes with their binding energies"
) -> list[Path]:
    """Write ``README.md`` and ``figures/`` into a dataset's folder, replacing older ones.

    The same dataset gives the same files.  Where there are complexes at several levels of theory,
    each level has a section and a folder of figures of its own.

    Returns
    -------
    list
        The card, then the figures.

    Raises
    ------
    InputError
        The table cannot be read.
    """
    rows = dataset.rows()
    sections = [f"# {title}", ABOUT, overview(rows)]
    found = levels(rows)
    figures: list[Path] = []
    for level in found:
        accepted, rejected = (complexes(rows, level, accepted=yes) for yes in (True, False))
        folder = dataset.folder / FIGURES
        # One level, the common case, needs no folder of its own.
        folder = folder if level == found[0] else folder / _slug(level)
        drawn = draw_figures(accepted, folder)
        figures += drawn
        shown = {path.name: path.relative_to(dataset.folder).as_posix() for path in drawn}
        origins = _origins([*accepted, *rejected], rows)
        sections.append(level_section(level, accepted, rejected, origins))
        sections += [
            f"![{CAPTIONS[name]}]({path})\n\n*{CAPTIONS[name]}*" for name, path in shown.items()
        ]
    if not found:
        sections.append("There is no complex in this dataset yet.")
    sections += [_reading(dataset, rows), _files(dataset), f"## Known limits\n\n{LIMITS}", LICENCE]
    text = "\n\n".join(section.strip() for section in sections) + "\n"
    path = dataset.folder / CARD
    replace_file(path, text.encode())
    return [path, *figures]


def _origins(members: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Levels of the records that are sources of `members`."""
    sources = {row.source for row in members}
    return sorted({row.level for row in rows if row.key in sources})


def _reading(dataset: Dataset, rows: Sequence[Row]) -> str:
    text = "## How to read it"
    shard = next(iter(sorted(dataset.shards, key=lambda shard: shard.kind != "complex")), None)
    if shard is not None:
        text += f"""

With ASE alone, one shard at a time:

```python
from ase.io import iread

for atoms in iread("{SHARDS}/{shard.name}", index=":"):
    if atoms.info["role"] == "end":
        print(atoms.info["label"], atoms.get_potential_energy(), atoms.info.get("binding_energy"))
```

With rarebind, as records:

```python
from rarebind.datasets import Dataset

dataset = Dataset(".")
rows = dataset.rows()
for record in dataset.records(dataset.shards[:1]):
    print(record.label, record.calculation.energy, record.binding)
```

`table.csv` has one line a record, for a spreadsheet, with energies in the units that its headings
name."""
    if len({row.level for row in rows}) > 1:
        text += f"\n\n{SEVERAL_LEVELS.strip()}"
    labelled = any(row.source or row.s_squared is not None for row in rows)
    fields = [
        (", ".join(f"`{part}`" for part in name.split(", ")), unit, meaning)
        for name, unit, meaning in (*FIELDS, *(STATE_FIELDS if labelled else ()))
    ]
    return f"{text}\n\nFields of a frame:\n\n{markdown_table(('field', 'unit', 'meaning'), fields)}"


def _files(dataset: Dataset) -> str:
    lines = [
        (
            f"`{shard.name}`", shard.kind, shard.level, shard.records, shard.frames,
            f"{dataset.path(shard).stat().st_size / 1000:.1f}",
        )
        for shard in dataset.shards
        if dataset.path(shard).is_file()
    ]  # fmt: skip
    if not lines:
        return ""
    head = ("shard", "kind", "level", "records", "frames", "kB")
    return (
        "## Files\n\n`manifest.csv` names the shards with their SHA-256, `table.csv` is the table."
        f"\n\n{markdown_table(head, lines)}"
    )


def _slug(level: str) -> str:
    return "".join(c if c.isalnum() or c in "+-" else "_" for c in level).strip("_")
