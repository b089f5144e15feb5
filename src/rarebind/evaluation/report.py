"""An evaluation as files: outcomes (CSV), numbers (JSON), figures (PNG) and a report to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from rarebind.errors import InputError
from rarebind.evaluation.drawing import Caption
from rarebind.evaluation.figures import draw_errors, draw_neighbours, draw_parities, draw_parity
from rarebind.evaluation.metrics import RESAMPLES, SEED
from rarebind.evaluation.outcomes import write_outcomes
from rarebind.evaluation.scores import BREAKDOWNS, Scores, scores
from rarebind.evaluation.tables import all_tables
from rarebind.io.figures import save_figure
from rarebind.io.files import make_folder, replace_file
from rarebind.io.tables import Table, markdown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Version of the JSON file's form.
SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a model and its baselines said of parts of a split.

    Attributes
    ----------
    model
        Its name.
    target
        What it learned, such as ``binding``.
    level, dataset, split
        Level of theory, dataset and kind of split, as captions show them.
    parts
        Outcomes by part of the split, then by the name of the model, that of `model` first.  All
        models of a part were asked about the same complexes.
    about
        More about the model as plain data for JSON.
    notes
        What a reader must know besides.

    Raises
    ------
    InputError
        There is no part, a part has no outcomes, or models were asked about different complexes.
    """

    model: str
    target: str
    level: str
    dataset: str
    split: str
    parts: Mapping[str, Mapping[str, pd.DataFrame]]
    about: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.parts:
            raise InputError(f"{self.model} was asked about no part of the split")
        for part, models in self.parts.items():
            if next(iter(models), None) != self.model:
                raise InputError(f"the outcomes of {self.model} do not come first in {part}")
            if models[self.model].empty:
                raise InputError(f"the {part} part of the split is empty: choose another part")
            if len({frozenset(found.key) for found in models.values()}) > 1:
                names = ", ".join(models)
                raise InputError(f"{names} were asked about different complexes of {part}")

    def caption(self, part: str) -> Caption:
        """What figures and tables of `part` say of themselves."""
        model = f"{self.model} ({self.target})"
        return Caption(model, self.level, self.dataset, f"{self.split}, {part}")

    def scores(
        self, *, resamples: int = RESAMPLES, seed: int = SEED
    ) -> dict[str, dict[str, Scores]]:
        """By part and model; `resamples` and `seed` are those of the bootstrap."""
        return {
            part: {
                name: scores(found, resamples=resamples, seed=seed)
                for name, found in models.items()
            }
            for part, models in self.parts.items()
        }


def tables(evaluation: Evaluation, found: Mapping[str, Mapping[str, Scores]]) -> list[Table]:
    """All tables of `found`, one part after the other."""
    return [
        table
        for part, models in found.items()
        for table in all_tables(models, evaluation.caption(part))
    ]


def report_data(
    evaluation: Evaluation, found: Mapping[str, Mapping[str, Scores]]
) -> dict[str, Any]:
    """All numbers as plain data; energies in kcal/mol."""
    return {
        "schema": SCHEMA_VERSION,
        "model": evaluation.model,
        "target": evaluation.target,
        "level": evaluation.level,
        "dataset": evaluation.dataset,
        "split": evaluation.split,
        "about": dict(evaluation.about),
        "notes": list(evaluation.notes),
        "unit": "kcal/mol",
        "parts": {
            part: {name: score.data() for name, score in models.items()}
            for part, models in found.items()
        },
    }


def write_report(
    evaluation: Evaluation,
    found: Mapping[str, Mapping[str, Scores]],
    folder: Path,
    on_file: Callable[[Path], None] = lambda _: None,
) -> list[Path]:
    """Write all files of an evaluation, each whole or not at all.

    Parameters
    ----------
    found
        Scores by part and model.
    folder
        Made when absent; files of an earlier evaluation of the same parts are replaced.
    on_file
        Called with each file as it is finished.

    Returns
    -------
    list
        Paths, the report first.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    make_folder(folder)
    paths: list[Path] = []

    def done(path: Path) -> None:
        paths.append(path)
        on_file(path)

    # A file a model, with all parts: each outcome says which part it is of.
    for name in next(iter(evaluation.parts.values())):
        ending = "" if name == evaluation.model else f"-{name}"
        path = folder / f"outcomes{ending}.csv"
        write_outcomes(pd.concat([models[name] for models in evaluation.parts.values()]), path)
        done(path)
    data = report_data(evaluation, found)
    done(_write(folder / "metrics.json", json.dumps(data, ensure_ascii=False, indent=1)))
    figures: dict[str, list[Path]] = {part: [] for part in evaluation.parts}
    for part in evaluation.parts:
        for name, figure in _figures(evaluation, found[part], part):
            figures[part].append(save_figure(figure, folder / f"{name}-{part}.png"))
            done(figures[part][-1])
    report = _write(folder / "report.md", report_text(evaluation, found, figures))
    on_file(report)
    return [report, *paths]


def report_text(
    evaluation: Evaluation,
    found: Mapping[str, Mapping[str, Scores]],
    figures: Mapping[str, Sequence[Path]],
) -> str:
    """The report in Markdown.

    Parameters
    ----------
    figures
        Images by part, in the folder of the report.
    """
    facts = {
        "target": evaluation.target,
        "level of theory": evaluation.level,
        "dataset": evaluation.dataset,
        "split": evaluation.split,
    } | {name: value for name, value in evaluation.about.items() if isinstance(value, str | int)}
    blocks = [
        f"# {evaluation.model}\n",
        "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items()) + "\n",
        *(f"> {note}\n" for note in evaluation.notes),
    ]
    for part, models in found.items():
        caption = evaluation.caption(part)
        blocks.append(f"## {part.capitalize()}\n")
        blocks += [markdown(table) for table in all_tables(models, caption)]
        for path in figures.get(part, ()):
            what = path.stem.removesuffix(f"-{part}").replace("-", ", ")
            text = f"{what.capitalize()}: {' · '.join(str(caption).splitlines())}"
            blocks.append(f"![{text}]({path.name})\n\n*{text}*\n")
    return "\n".join(blocks)


def _figures(
    evaluation: Evaluation, models: Mapping[str, Scores], part: str
) -> Iterator[tuple[str, Figure]]:
    outcomes = evaluation.parts[part]
    own, score = outcomes[evaluation.model], models[evaluation.model]
    caption = evaluation.caption(part)
    yield "parity", draw_parity(own, caption)
    if score.exchange is not None:
        yield "parity-exchange", draw_parity(own, caption, quantity="exchange")
    if len(outcomes) > 1:
        yield "parity-models", draw_parities(outcomes, caption, colour_by="scaffold")
    for column in BREAKDOWNS:
        yield f"errors-{column}", draw_errors(outcomes, caption, column=column)
    if score.neighbours is not None and len(score.neighbours):
        yield "neighbours", draw_neighbours(own, caption)


def _write(path: Path, text: str) -> Path:
    replace_file(path, f"{text}\n".encode())
    return path
