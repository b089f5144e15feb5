"""The findings as a document with figures, and as plain data.

::

    OUT/
      findings.md
      findings/scaffolds.png, substituents.png, metals.png
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rarebind.errors import InputError
from rarebind.evaluation.drawing import Caption, save_figure
from rarebind.evaluation.tables import Table, markdown
from rarebind.io.files import replace_file
from rarebind.studies.gupta2026.findings import text
from rarebind.studies.gupta2026.findings.analysis import Findings, Orders
from rarebind.studies.gupta2026.findings.figures import (
    draw_metals,
    draw_scaffolds,
    draw_substituents,
)
from rarebind.studies.gupta2026.findings.tables import (
    QUANTITY,
    charge_table,
    constant_table,
    count_table,
    metal_table,
    place_table,
    scaffold_table,
    series_table,
    verdict_table,
)
from rarebind.studies.gupta2026.reproduce.study import study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Version of the form of the plain data.
SCHEMA_VERSION = 1
#: The document, and the folder of its figures.
REPORT, FIGURES = "findings.md", "findings"
_DRAWN = {
    "scaffolds": "Scaffolds compared",
    "substituents": "Substituents in order",
    "metals": "Every lanthanide against its neighbours",
}
_NOTHING = "There are no complexes to compare."
_WIDTH = 100


def verdicts(found: Findings) -> Table:
    """The short answer: every statement and its verdicts."""
    return verdict_table(found, _caption(found, "Findings of the reference study"))


def report_text(found: Findings, command: str) -> str:
    """The document in Markdown.

    Parameters
    ----------
    command
        That makes it, as typed.
    """
    return _text(found, command, {name: _caption(found, _DRAWN[name]) for name in _drawable(found)})


def write_report(found: Findings, folder: Path, command: str) -> list[Path]:
    """Write the document and its figures, each whole or not at all; the document comes last.

    Equal findings make equal files.

    Parameters
    ----------
    folder
        Made when absent.
    command
        That makes it, as typed.

    Returns
    -------
    list
        Paths, the document first.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    # Everything is there before anything is written.
    captions = {name: _caption(found, _DRAWN[name]) for name in _drawable(found)}
    drawn = {name: _draw(name, found, caption) for name, caption in captions.items()}
    content = _text(found, command, captions)
    report, images = folder / REPORT, folder / FIGURES
    try:
        images.mkdir(parents=True, exist_ok=True)
        for name in _DRAWN.keys() - drawn.keys():
            # Of an earlier document with other complexes; this one has nothing to say of it.
            (images / f"{name}.png").unlink(missing_ok=True)
        paths = [save_figure(figure, images / f"{name}.png") for name, figure in drawn.items()]
        replace_file(report, content.encode())
    except OSError as error:
        raise InputError(f"cannot write {error.filename or report}: {error.strerror}") from error
    return [report, *paths]


def report_data(found: Findings) -> dict[str, Any]:
    """All numbers as plain data; energies in kcal/mol."""
    source = study()
    return {
        "schema": SCHEMA_VERSION,
        "unit": "kcal/mol",
        "study": {"citation": source.citation, "doi": source.doi, "level": source.level},
        "level": found.selection.level,
        "frozen_4f": found.frozen_4f,
        "dataset": found.dataset,
        "complexes": found.selection.complexes,
        "left_out": dict(found.selection.left_out),
        "target": found.quantity,
        "seed": found.resampling.seed,
        "resamples": found.resampling.resamples,
        "claims": [
            {
                "text": claim.text,
                "verdicts": dict(claim.verdicts),
                "by_geometry": {name: dict(v) for name, v in claim.by_geometry.items()},
            }
            for claim in found.claims
        ],
        "orders": {name: _order_data(orders) for name, orders in found.orders.items()},
        "equal_charge": [item.data() for item in found.charges],
        "constants": {metal: asdict(value) for metal, value in found.constants.items()},
    }


def _order_data(orders: Orders) -> dict[str, Any]:
    return {
        "scaffolds": [comparison.data() for comparison in orders.scaffolds],
        "substituents": [asdict(standing) for standing in orders.standings],
        "places": [[place.data() for place in places] for places in orders.places],
        "metals": [comparison.data() for comparison in orders.metals],
        "off_neighbours": [comparison.data() for comparison in orders.off_neighbours],
    }


def _text(found: Findings, command: str, captions: Mapping[str, Caption]) -> str:
    figures = {name: _image(name, caption) for name, caption in captions.items()}
    here = QUANTITY[found.quantity]

    def caption(what: str) -> Caption:
        return _caption(found, what)

    blocks = [
        "# Findings of the reference study, tested on other energies",
        *_paragraphs(text.opening(found)),
        f"    {command}",
        "## In short",
        _table(verdict_table(found, caption("all statements"))),
        *_paragraphs(text.short(found)),
        "## The rule",
        *_paragraphs(text.rule(found)),
        f"## Scaffolds, by {here}",
        figures.get("scaffolds", ""),
        *_paragraphs(text.scaffolds(found)),
        _table(scaffold_table(found, caption("scaffolds")), nothing=_NOTHING),
        f"## Substituents, by {here}",
        figures.get("substituents", ""),
        *_paragraphs(text.substituents(found)),
        *(
            _table(place_table(found, i, caption("substituents")), nothing=_NOTHING)
            for i in range(len(found.statements.substituents))
        ),
        f"## Metals and their neighbours, by {here}",
        figures.get("metals", ""),
        *_paragraphs(text.metals(found)),
        _table(metal_table(found, caption("neighbouring lanthanides")), nothing=_NOTHING),
        _table(series_table(found, _caption(found, "lanthanides", both=True))),
        "## What the conclusions rest on",
        *_paragraphs(text.quantities(found)),
        _table(constant_table(found, _caption(found, "neighbouring lanthanides", both=True))),
        *_paragraphs(text.shell(found)),
        *_paragraphs(text.charges(found)),
        _table(charge_table(found, caption("scaffolds"))),
        "## Counts",
        _table(count_table(found, caption("complexes"))),
    ]
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"


def _drawable(found: Findings) -> list[str]:
    """Figures that there is something for."""
    chosen = found.chosen
    there = {
        "scaffolds": any(comparison.pairs for comparison in chosen.scaffolds),
        "substituents": any(place.comparison.pairs for places in chosen.places for place in places),
        "metals": any(orders.off_neighbours for orders in found.orders.values()),
    }
    return [name for name in _DRAWN if there[name]]


def _draw(name: str, found: Findings, caption: Caption) -> Figure:
    if name == "scaffolds":
        return draw_scaffolds(found, caption)
    return (draw_substituents if name == "substituents" else draw_metals)(found, caption)


def _caption(found: Findings, what: str, *, both: bool = False) -> Caption:
    both = both or what == _DRAWN["metals"]
    names = found.orders if both else (found.quantity,)
    energies = " and ".join(QUANTITY[name] for name in ("exchange", "binding") if name in names)
    return Caption(what, text.named_level(found), found.dataset, f"computed, {energies}")


def _image(name: str, caption: Caption) -> str:
    words = " · ".join(str(caption).splitlines())
    return f"![{words}]({FIGURES}/{name}.png)\n\n*{text.LEGENDS[name]} {words}.*"


def _table(table: Table | None, nothing: str = "") -> str:
    """In Markdown; under its title `nothing`, if that is given, where it has no rows."""
    if table is not None and table.rows:
        return markdown(table)
    return f"### {table.title}\n\n{nothing}" if table is not None and nothing else ""


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    """Wrapped; the points of a list stand together."""
    points: list[str] = []
    for paragraph in texts:
        if paragraph.startswith(text.BULLET):
            points.append(_wrapped(paragraph, indent="  "))
            continue
        if points:
            yield "\n".join(points)
            points = []
        yield _wrapped(paragraph)
    if points:
        yield "\n".join(points)


def _wrapped(paragraph: str, indent: str = "") -> str:
    return textwrap.fill(
        paragraph, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
