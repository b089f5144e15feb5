"""The table of a reproduction: text, numbers, figures, one report.

::

    OUT/
      report.md, table.json       all rows beside the published values
      parity-PRESET-PART.png      computed and predicted energies, a panel a strategy and one of
                                  the best baseline
      errors-by-metal-PRESET-PART.png
      outcomes/ROW.csv            every prediction
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rarebind.engines.level import model_chemistry_of
from rarebind.evaluation.metrics import Metrics
from rarebind.evaluation.outcomes import write_outcomes
from rarebind.io.documents import render
from rarebind.io.figures import save_figure
from rarebind.io.files import make_folder, replace_file
from rarebind.io.tables import NONE, Table, number, with_interval
from rarebind.studies.gupta2026.reproduce.figures import PART_NAMES, caption_of, draw_all
from rarebind.studies.gupta2026.reproduce.inputs import STUDY_LEVEL, Inputs
from rarebind.studies.gupta2026.reproduce.rows import Row
from rarebind.studies.gupta2026.reproduce.settings import Settings
from rarebind.studies.gupta2026.study import PARTS, Published, study

#: Version of the JSON file's form.
SCHEMA_VERSION = 1
REPORT, NUMBERS, OUTCOMES = "report.md", "table.json", "outcomes"
_TEMPLATE = "reproduction.md.jinja"
#: Letters of a reason that a table shows; the report has all of it.
_SHORT = 90


def tables(
    rows: Sequence[Row], settings: Settings, inputs: Inputs, *, brief: bool = False
) -> list[Table]:
    """The results, and how their trainings went.

    Parameters
    ----------
    brief
        Narrow enough for a terminal: short headings, no intervals, no reasons.
    """
    found = [
        _results(rows, settings, inputs, brief=brief),
        _trainings(rows, settings, inputs, brief=brief),
    ]
    return [table for table in found if table.rows]


def report_data(rows: Sequence[Row], settings: Settings, inputs: Inputs) -> dict[str, Any]:
    """All numbers as plain data; energies in kcal/mol."""
    source = study().source
    return {
        "schema": SCHEMA_VERSION,
        "unit": "kcal/mol",
        "published": {
            "citation": source.citation,
            "doi": source.doi,
            "level": source.level,
            "dataset": "its own",
            "split": source.split,
        },
        "here": {
            "level": inputs.level,
            "base": inputs.base,
            "dataset": inputs.name,
            "split": settings.split,
            "held_out": list(settings.held_out),
            "seed": settings.seed,
            "max_epochs": settings.max_epochs,
            "max_seconds_per_training_and_call": settings.seconds,
        },
        "notes": _notes(rows, settings, inputs),
        "rows": [_row_data(row, settings) for row in rows],
    }


def write_report(rows: Sequence[Row], settings: Settings, inputs: Inputs) -> Path:
    """Write all files to the folder of `settings`, each whole or not at all.

    Returns
    -------
    Path
        Of the report.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    out = settings.out
    make_folder(out / OUTCOMES)
    for row in rows:
        if row.outcomes:
            found = pd.concat(row.outcomes.values())
            write_outcomes(found, out / OUTCOMES / f"{row.name}.csv")
    figures = {}
    for name, caption, figure in draw_all(rows, settings, inputs):
        figures[save_figure(figure, out / f"{name}.png").name] = caption
    data = report_data(rows, settings, inputs)
    replace_file(out / NUMBERS, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    text = render(
        _TEMPLATE,
        source=study().source,
        inputs=inputs,
        settings=settings,
        notes=_notes(rows, settings, inputs),
        tables=tables(rows, settings, inputs),
        reasons=reasons(rows),
        figures=figures,
    )
    replace_file(out / REPORT, text)
    return out / REPORT


def _results(rows: Sequence[Row], settings: Settings, inputs: Inputs, *, brief: bool) -> Table:
    source = study().source
    there, here = f"published ({source.level}, its data)", f"here ({inputs.level}, {inputs.name})"
    heads = (
        "Learned", "Model", "Part", f"{there}: r²", f"{there}: MAE",
        f"{here}: r²", f"{here}: R²", f"{here}: MAE", "n", "Training",
    )  # fmt: skip
    if brief:
        short = ("publ.\nr²", "publ.\nMAE", "r²", "R²", "MAE", "n", "State")
        heads = ("Str.", "Model", "Part", *short)
    lines = []
    for row in rows:
        for part in PARTS:
            score, known = row.scores.get(part), _published(row, part)
            if row.scores and score is None and known is None:
                continue
            ours = (NONE,) * 4 if score is None else _numbers(score, spans=not brief)
            lines.append(
                (
                    row.target.strategy if brief else row.learned,
                    row.model if brief or not row.baseline else f"baseline {row.model}",
                    PART_NAMES[part],
                    NONE if known is None else number(known.r2, 2),
                    NONE if known is None else number(known.mae, 1),
                    *ours,
                    _state(row, part, brief=brief),
                )
            )
    parts = ", ".join(PART_NAMES.values())
    caption = caption_of("binding energies, equation 1", settings, inputs, parts)
    note = (
        f"Published: {source.citation}, DOI {source.doi}: other labels, geometries and complexes, "
        f"{source.split} split; a dash is a number that is not known.  Here: r² is the squared "
        "correlation, R² is that of the predictions as they are; MAE in kcal/mol, in brackets "
        "95 % intervals of a bootstrap over ligands (none with fewer than five).  HDEV is never "
        "trained on."
    )
    if brief:
        note = (
            f"publ.: {source.level} on its own data, DOI {source.doi}; the others: here, "
            f"{inputs.caption_level}, {inputs.name}.  r²: squared correlation; R²: of the "
            "predictions as they are; MAE in kcal/mol."
        )
    return Table("Published and here", heads, tuple(lines), str(caption), note)


def _trainings(rows: Sequence[Row], settings: Settings, inputs: Inputs, *, brief: bool) -> Table:
    lines = [
        (
            row.target.strategy if brief else row.learned,
            row.model,
            str(training.epochs),
            str(training.preset_epochs),
            f"{training.hours:.2f}",
            number(training.best, 1),
            training.ending,
        )
        for row in rows
        if (training := row.training) is not None
    ]
    heads = ("Learned", "Model", "epochs", "of the preset", "hours", "best val. MAE", "Ending")
    if brief:
        heads = ("Str.", "Model", "epochs", "preset", "hours", "val. MAE", "Ending")
    note = (
        "Hours of all calls together, data prepared and programs started included.  The best "
        "validation MAE is of the target, kcal/mol; its weights are those tested."
    )
    caption = caption_of("trainings", settings, inputs, "train and val")
    return Table("Trainings", heads, tuple(lines), str(caption), note)


def _notes(rows: Sequence[Row], settings: Settings, inputs: Inputs) -> list[str]:
    source = study().source
    notes = list(inputs.notes)
    cut = sum(row.training is not None and row.training.cut for row in rows)
    trained = sum(row.training is not None for row in rows)
    if cut:
        notes.append(
            f"{cut} of {trained} trainings were cut short: their numbers are of unfinished "
            "networks, not of what the networks can do"
        )
    if model_chemistry_of(inputs.level) != STUDY_LEVEL.model_chemistry:
        notes.append(
            f"Numbers here are of {inputs.level}, not of the study's {source.level}: errors of "
            "different levels are of different quantities"
        )
    if settings.published is None:
        notes.append("The complexes here are not those of the study")
    elif settings.complexes is not None:
        notes.append("The complexes here are a part of those of the study")
    if settings.split != source.split:
        notes.append(
            f"Published values are of a {source.split} split, those here of {settings.split}"
        )
    notes += [f"{row.learned}, {row.model}: {note}" for row in rows for note in row.notes]
    return notes


def reasons(rows: Sequence[Row]) -> dict[str, str]:
    """Names of rows by what is wrong with them, where that is more than a word."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if ":" in row.problem:
            found.setdefault(row.problem, []).append(f"{row.learned}, {row.model}")
    return {reason: "; ".join(names) for reason, names in found.items()}


def _row_data(row: Row, settings: Settings) -> dict[str, Any]:
    training = row.training
    parts: dict[str, Any] = {}
    for part in PARTS:
        score, known = row.scores.get(part), _published(row, part)
        parts[part] = {
            "published": None if known is None else {"r2": known.r2, "mae": known.mae},
            "here": None if score is None else score.data(),
        }
    return {
        "strategy": row.target.strategy,
        "target": row.target.name,
        "model": row.model,
        "baseline": row.baseline,
        "problem": row.problem,
        "notes": list(row.notes),
        "outcomes": f"{OUTCOMES}/{row.name}.csv" if row.outcomes else None,
        "training": None
        if training is None
        else {
            "epochs": training.epochs,
            "allowed_epochs": training.allowed,
            "preset_epochs": training.preset_epochs,
            "hours": round(training.hours, 4),
            "finished": training.finished,
            "cut_short": training.cut,
            "ending": training.ending,
            "best_validation_mae": training.best,
            "seed": settings.seed,
        },
        "parts": parts,
    }


def _published(row: Row, part: str) -> Published | None:
    return None if row.baseline else study().of(row.target.strategy, row.model, part)


def _state(row: Row, part: str, *, brief: bool) -> str:
    """A few words on why the numbers are as they are, or why there are none."""
    if brief and row.problem:
        return row.problem.split(":", maxsplit=1)[0]
    if brief and row.training is not None and part in row.scores:
        return "cut" if row.training.cut else "whole"
    if row.problem:
        first = row.problem.splitlines()[0]
        return first if len(first) <= _SHORT else f"{first[:_SHORT].rsplit(' ', 1)[0]} …"
    if part not in row.scores:
        return f"no {PART_NAMES[part]} in this dataset"
    if row.training is None:
        return "fitted"
    of = f"{row.training.epochs} of {row.training.preset_epochs} epochs"
    return f"{of}, {row.training.ending}"


def _numbers(score: Metrics, *, spans: bool) -> tuple[str, str, str, str]:
    mae = with_interval(score.mae, score.intervals.get("mae") if spans else None, 1)
    return number(score.r2_fit, 2), number(score.r2, 2), mae, str(score.n)
