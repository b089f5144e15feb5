"""A validation as files: computed constants (CSV), numbers (JSON), figures and a report to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.errors import InputError
from rarebind.evaluation.drawing import Caption
from rarebind.experiment.judging import Score
from rarebind.io.figures import save_figure
from rarebind.io.files import make_folder, replace_file
from rarebind.io.tables import NONE, Table, markdown, number, rows_text
from rarebind.validation.comparison import (
    AS_IT_IS,
    CALIBRATED,
    compared,
    errors_by,
    judged_models,
    order_within_charges,
    strongest,
)
from rarebind.validation.computed import Computed
from rarebind.validation.figures import draw_differences, draw_parities, draw_series

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_SHOWN = (AS_IT_IS, CALIBRATED)
#: García et al., Solvent Extr. Ion Exch. 2023, doi:10.1080/07366299.2022.2160646.
PUBLISHED = (
    "Published: B3LYP/6-31+G*, SMD, relaxed in the solvent: R² 0.89 between computed and measured "
    "constants of La with eleven small ligands (García et al. 2023, "
    "doi:10.1080/07366299.2022.2160646); a line was fitted to these eleven."
)
_MEANING = (
    "MAE, R² and order (Spearman's correlation over ligands, mean of the metals) are of log K; "
    "Δ stands for log K(Lu) − log K(La); sign is right for so many of those over 0.3. All but "
    f"“{AS_IT_IS}” are fitted to the measured constants, and told of ligands left out of the fit; "
    "90 % intervals hold so many of the values and differences."
)


def write_report(
    folder: Path | str, measured: pd.DataFrame, computed: Sequence[Computed], table: str
) -> list[Path]:
    """Write a validation.

    Parameters
    ----------
    folder
        Is made when absent.
    measured
        As :func:`rarebind.experiment.select_series` gives it.
    computed
        Of :func:`~rarebind.validation.compute_constants`.
    table
        Name of the table of measured constants.

    Returns
    -------
    list
        Files.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    folder = make_folder(Path(folder))
    written = [folder / "computed.csv"]
    replace_file(written[0], rows_text(computed, Computed))
    frame = compared(measured, computed)
    sections = [f"# Computed stability constants against {table}", *_about(frame, computed)]
    try:
        judged, predicted = judged_models(frame)
    except InputError as error:
        sections.append(f"Nothing is judged: {error}.")
    else:
        written.append(folder / "scores.json")
        replace_file(written[-1], json.dumps([one.model_dump() for one in judged], indent=1) + "\n")
        sections += [markdown(one).strip() for one in _tables(frame, predicted, judged)]
        sections.append(PUBLISHED)
        counted = f"{table}: {len(frame)} constants of {frame['ligand'].nunique()} ligands"
        caption = Caption("log K", _levels(computed), counted, "ligands left out of fits")
        for name, figure in _figures(frame, predicted, caption):
            written.append(save_figure(figure, folder / name))
            sections.append(f"![{name.partition('.')[0]}]({name})")
    sections += list(_failures(computed))
    written.append(folder / "report.md")
    replace_file(written[-1], "\n\n".join(sections) + "\n")
    return written


def score_table(judged: Sequence[Score]) -> Table:
    """How good models are, a line each."""
    rows = [
        [
            one.model, str(one.n), str(one.ligands), number(one.mae, 2), number(one.r2, 2),
            number(one.order, 2), str(one.pairs), number(one.difference_mae, 2),
            number(one.difference_order, 2), _share(one.sign), _share(one.coverage),
            _share(one.difference_coverage),
        ]
        for one in judged
    ]  # fmt: skip
    head = [
        "model", "n", "ligands", "MAE", "R²", "order", "ligands with Δ", "MAE of Δ", "order of Δ",
        "sign of Δ", "intervals hold", "those of Δ",
    ]  # fmt: skip
    return Table("Models", head, rows, caption=_MEANING)


def _about(frame: pd.DataFrame, computed: Sequence[Computed]) -> Iterator[str]:
    metals = ", ".join(dict.fromkeys(line.metal for line in computed))
    yield (
        f"Level of theory: {_levels(computed)}. {frame['ligand'].nunique()} ligands, {len(frame)} "
        f"constants of {metals} that were measured and computed. Levels that come with rarebind "
        "were fitted to no measured constant; gfn2-re was fitted to density functional theory of "
        "complexes, those of acetate, glycolate, iminodiacetate, NTA, EDTA and others among them."
    )


def _levels(computed: Sequence[Computed]) -> str:
    return ", ".join(sorted({line.level for line in computed}))


def _tables(
    frame: pd.DataFrame, predicted: pd.DataFrame, judged: Sequence[Score]
) -> Iterator[Table]:
    yield score_table(judged)
    order = order_within_charges(frame)
    yield Table(
        "Order of ligands of one charge, as computed",
        ["charge", "metal", "ligands", "Spearman"],
        [
            [f"{row.charge:+.0f}", row.metal, str(row.ligands), number(row.order, 2)]
            for row in order.itertuples()
        ],
    )
    for column, title in (("donor_class", "class of donors"), ("charge", "charge")):
        found = errors_by(frame, predicted, column)
        yield Table(
            f"Mean absolute errors by {title}",
            [title, *found.columns],
            [
                [str(name), *(number(value, 0 if i == 0 else 2) for i, value in enumerate(row))]
                for name, row in zip(found.index, found.to_numpy(float), strict=True)
            ],
        )
    best = strongest(frame, predicted)
    right = ", ".join(
        f"{name} {int((best[name] == best['measured']).sum())} of {len(best)}" for name in _SHOWN
    )
    yield Table(
        "Metal that is bound most, of those computed",
        ["ligand", *best.columns],
        [
            [str(name), *map(str, row)]
            for name, row in zip(best.index, best.to_numpy(), strict=True)
        ],
        caption=f"As measured: {right}.",
    )


def _figures(
    frame: pd.DataFrame, predicted: pd.DataFrame, caption: Caption
) -> Iterator[tuple[str, Figure]]:
    yield "parity.png", draw_parities(frame, predicted, _SHOWN, caption)
    apart = draw_differences(frame, predicted, _SHOWN, ("Lu", "La"), caption)
    if apart is not None:
        yield "differences.png", apart
    yield "series.png", draw_series(frame, predicted, _SHOWN, caption)


def _failures(computed: Sequence[Computed]) -> Iterator[str]:
    failed = [line for line in computed if line.computed_log_k is None]
    if failed:
        rows = [[line.ligand, line.metal, line.reason] for line in failed]
        yield markdown(Table("Not computed", ["ligand", "metal", "reason"], rows)).strip()


def _share(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.0f} %"
