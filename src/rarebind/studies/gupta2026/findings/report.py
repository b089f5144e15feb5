"""The findings as a document with figures, and as plain data.

::

    OUT/
      findings.md
      findings/scaffolds.png, substituents.png, metals.png
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rarebind.engines import LEVELS
from rarebind.engines.level import model_chemistry_of
from rarebind.evaluation.drawing import Caption
from rarebind.evaluation.metrics import FEWEST_GROUPS
from rarebind.io.documents import render
from rarebind.io.figures import save_figure
from rarebind.io.files import make_folder, replace_file
from rarebind.io.tables import Table, markdown
from rarebind.studies.gupta2026.findings import tables
from rarebind.studies.gupta2026.findings.analysis import Findings
from rarebind.studies.gupta2026.findings.comparisons import (
    ALL,
    FAILS,
    HOLDS,
    NOISE,
    UNKNOWN,
    combined,
    records,
)
from rarebind.studies.gupta2026.findings.energies import geometries
from rarebind.studies.gupta2026.findings.figures import (
    draw_metals,
    draw_scaffolds,
    draw_substituents,
)
from rarebind.studies.gupta2026.findings.orders import charge_of
from rarebind.studies.gupta2026.study import study

#: Version of the form of the plain data.
SCHEMA_VERSION = 1
#: The document, and the folder of its figures.
REPORT, FIGURES = "findings.md", "findings"
_TEMPLATE = "findings.md.jinja"
_STUDY_LEVEL = "b3lyp-d4"
_DRAWN = {
    "scaffolds": ("Scaffolds compared", draw_scaffolds),
    "substituents": ("Substituents in order", draw_substituents),
    "metals": ("Every lanthanide against its neighbours", draw_metals),
}


def verdicts(found: Findings) -> Table:
    """The short answer: every statement and its verdicts."""
    return tables.verdict_table(found, _caption(found, "Findings of the reference study"))


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
    captions = _captions(found)
    drawn = {name: _DRAWN[name][1](found, caption) for name, caption in captions.items()}
    content = report_text(found, command)
    images = make_folder(folder / FIGURES)
    for name in _DRAWN.keys() - drawn.keys():
        # Of an earlier document with other complexes; this one has nothing to say of it.
        (images / f"{name}.png").unlink(missing_ok=True)
    paths = [save_figure(figure, images / f"{name}.png") for name, figure in drawn.items()]
    replace_file(folder / REPORT, content)
    return [folder / REPORT, *paths]


def report_text(found: Findings, command: str) -> str:
    """The document in Markdown.

    Parameters
    ----------
    command
        That makes it, as typed.
    """
    by_geometry = found.of("scaffolds").query("geometry != @ALL and pairs > 0")
    series = found.of("series").query("geometry == @ALL").set_index("first")["mean"]
    at_charge = _by_pair(found.charges).agg(combined)
    said = [of[found.quantity][ALL] for of in found.claims.values()]
    return render(
        _TEMPLATE,
        found=found,
        source=study().source,
        command=command,
        captions=_captions(found),
        verdicts=markdown(tables.verdict_table(found, _caption(found, "all statements"))),
        table=partial(_table, found),
        rows=tables.rows_of(found),
        heads=[tables.QUANTITY[name] for name in found.quantities],
        geometries=geometries(found.energies),
        here=tables.QUANTITY[found.quantity],
        like_the_study=_like_the_study(found),
        noise=NOISE,
        fewest=FEWEST_GROUPS,
        unknown=set(said) == {UNKNOWN},
        scaffolds_hold=said[0] == HOLDS,
        depending=[
            text
            for text, of in found.claims.items()
            if len({said[ALL] for said in of.values()}) > 1
        ],
        single=_depending(found),
        reversed=list(at_charge.index[at_charge == FAILS]),
        charged_pairs=len(at_charge),
        charges=[f"{name} −{abs(charge_of(name))}" for name in found.statements.scaffolds.names],
        by_geometry=by_geometry,
        order=found.standings_by().query("geometry == @ALL"),
        series=series,
        missing="equation 1" if "exchange" in found.quantities else "exchange energy",
        largest_change=_largest_change(found),
    )


def report_data(found: Findings) -> dict[str, Any]:
    """All numbers as plain data; energies in kcal/mol."""
    source = study().source
    constants = found.constants.reset_index().to_dict("records")
    return {
        "schema": SCHEMA_VERSION,
        "unit": "kcal/mol",
        "study": {"citation": source.citation, "doi": source.doi, "level": source.level},
        "level": found.selection.level,
        "frozen_4f": found.frozen_4f,
        "dataset": found.dataset,
        "complexes": len(found.selection.energies),
        "left_out": dict(found.selection.left_out),
        "target": found.quantity,
        "seed": found.resampling.seed,
        "resamples": found.resampling.resamples,
        "claims": [
            {
                "text": text,
                "verdicts": {quantity: said[ALL] for quantity, said in of.items()},
                "by_geometry": of,
            }
            for text, of in found.claims.items()
        ],
        "orders": {name: _order_data(found, name) for name in found.selection.quantities},
        "equal_charge": [
            {
                **comparison,
                "complex_charge": row.charge,
                "geometry": [row.first_geometry, row.second_geometry],
            }
            for comparison, row in zip(
                records(found.charges), found.charges.itertuples(), strict=True
            )
        ],
        "constants": {row["metal"]: row for row in constants},
    }


def _order_data(found: Findings, quantity: str) -> dict[str, Any]:
    own = ["substituent", "geometry", "place", "off_mean"]
    standings = found.standings_by(quantity).set_index(own).drop(columns="quantity")
    return {
        "scaffolds": records(found.of("scaffolds", quantity)),
        "substituents": [
            {**dict(zip(own, standing, strict=True)), "by_scaffold": dict(by_scaffold.dropna())}
            for standing, by_scaffold in standings.iterrows()
        ],
        "places": [
            _place_data(found.places_of(said.text, quantity))
            for said in found.statements.substituents
        ],
        "metals": records(found.of("metals", quantity)),
        "off_neighbours": records(found.of("series", quantity)),
    }


def _place_data(found: pd.DataFrame) -> list[dict[str, Any]]:
    against = records(found.drop(columns="verdict").rename(columns={"away": "verdict"}))
    return [
        {
            "substituent": row.substituent,
            "end": row.end,
            "geometry": row.geometry,
            "place": None if pd.isna(row.place) else int(row.place),
            "of": int(row.of),
            "against_the_others": comparison,
            "beyond": list(row.beyond),
            "surely_beyond": list(row.surely_beyond),
            "verdict": row.verdict,
        }
        for row, comparison in zip(found.itertuples(), against, strict=True)
    ]


def _table(found: Findings, title: str, what: str, heads: Any, rows: Any, note: str) -> str:
    """In Markdown; `what` it is of, `` +`` where all quantities are in it."""
    caption = _caption(found, what.removesuffix(" +"), both=what.endswith(" +"))
    return markdown(Table(title, heads, rows, str(caption), note))


def _depending(found: Findings) -> list[str]:
    """Comparisons of scaffolds and metals with several verdicts, all geometries together."""
    both = found.comparisons.query("geometry == @ALL and kind != 'series'")
    several = _by_pair(both).nunique()
    return list(several.index[several > 1])


def _by_pair(found: pd.DataFrame) -> Any:
    """Verdicts by ``first over second``, in their order."""
    return found.verdict.groupby(found["first"] + " over " + found.second, sort=False)


def _largest_change(found: Findings) -> float:
    """Between the quantities, of the mean differences of scaffolds and substituents."""
    both = pd.concat([found.comparisons.query("kind == 'scaffolds'"), found.places])
    means = both.groupby(["first", "second", "geometry", "statement"])["mean"]
    return float(np.nanmax([*(means.max() - means.min()), 0.0]))


def _captions(found: Findings) -> dict[str, Caption]:
    """Of the figures that there is something for."""
    there = {
        "scaffolds": found.of("scaffolds").pairs.any(),
        "substituents": (found.places.pairs[found.places.quantity == found.quantity] > 0).any(),
        "metals": (found.comparisons.kind == "series").any(),
    }
    return {
        name: _caption(found, title, both=name == "metals")
        for name, (title, _) in _DRAWN.items()
        if there[name]
    }


def _caption(found: Findings, what: str, *, both: bool = False) -> Caption:
    level, theirs = found.selection.level, study().source.level
    shown = f"{level}, complexes not the study's"
    if not _like_the_study(found):
        shown = f"{level}, not the study's {theirs}"
    names = found.quantities if both else [found.quantity]
    energies = " and ".join(tables.QUANTITY[name] for name in tables.QUANTITY if name in names)
    return Caption(what, shown, found.dataset, f"computed, {energies}")


def _like_the_study(found: Findings) -> bool:
    return bool(model_chemistry_of(found.selection.level) == LEVELS[_STUDY_LEVEL].model_chemistry)
