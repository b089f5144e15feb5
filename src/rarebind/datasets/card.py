"""The card of a dataset: a README that says what is in it, with every number taken from it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from rarebind.datasets.card_sections import level_section, overview
from rarebind.datasets.figures import draw_figures
from rarebind.datasets.shards import SHARDS, Dataset
from rarebind.datasets.statistics import complexes, levels, table_of
from rarebind.io.files import replace_file
from rarebind.io.tables import markdown_table
from rarebind.io.yaml import read_yaml

CARD, FIGURES = "README.md", "figures"
_WORDS = "dataset_card.yaml"
_SECTIONS = (
    "about", "reading", "several_levels", "limits", "licence", "captions", "fields", "state_fields",
)  # fmt: skip


@cache
def words() -> dict[str, Any]:
    """The words of every card, from ``data/dataset_card.yaml``."""
    return read_yaml(_WORDS, None, *_SECTIONS)[0]


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
    table = table_of(dataset.rows())
    sections = [f"# {title}", words()["about"], overview(table)]
    found = levels(table)
    figures: list[Path] = []
    for level in found:
        accepted, rejected = (complexes(table, level, accepted=yes) for yes in (True, False))
        folder = dataset.folder / FIGURES
        # One level, the common case, needs no folder of its own.
        folder = folder if level == found[0] else folder / _slug(level)
        drawn = draw_figures(accepted, folder)
        figures += drawn
        sources = pd.concat([accepted, rejected])["source"].dropna()
        origins = sorted(set(table.loc[table["key"].isin(sources), "level"]))
        sections.append(level_section(level, accepted, rejected, origins))
        for path in drawn:
            caption = words()["captions"][path.name]
            place = path.relative_to(dataset.folder).as_posix()
            sections.append(f"![{caption}]({place})\n\n*{caption}*")
    if not found:
        sections.append("There is no complex in this dataset yet.")
    limits = f"## Known limits\n\n{words()['limits']}"
    sections += [*_reading(dataset, table), _files(dataset), limits, words()["licence"]]
    path = dataset.folder / CARD
    replace_file(path, "\n\n".join(section.strip() for section in sections) + "\n")
    return [path, *figures]


def _reading(dataset: Dataset, table: pd.DataFrame) -> list[str]:
    parts = ["## How to read it"]
    shard = next(iter(sorted(dataset.shards, key=lambda shard: shard.kind != "complex")), None)
    if shard is not None:
        parts.append(words()["reading"].replace("SHARD", f"{SHARDS}/{shard.name}"))
    if len(table["level"].unique()) > 1:
        parts.append(words()["several_levels"])
    has_states = table[["source", "s_squared"]].notna().any(axis=None)
    fields = [
        (", ".join(f"`{part}`" for part in name.split(", ")), unit, meaning)
        for name, unit, meaning in [
            *words()["fields"], *(words()["state_fields"] if has_states else ())
        ]
    ]  # fmt: skip
    return [*parts, "Fields of a frame:", markdown_table(("field", "unit", "meaning"), fields)]


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
