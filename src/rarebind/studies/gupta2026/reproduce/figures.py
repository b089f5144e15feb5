"""Figures of a reproduction: of each network its strategies, beside the best baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from rarebind.evaluation.drawing import Caption
from rarebind.evaluation.figures import draw_errors, draw_parities
from rarebind.studies.gupta2026.reproduce.inputs import Inputs
from rarebind.studies.gupta2026.reproduce.rows import Row
from rarebind.studies.gupta2026.reproduce.settings import Settings
from rarebind.studies.gupta2026.study import PARTS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Parts as people call them.
PART_NAMES = {"test": "test", "external": "HDEV"}


def caption_of(model: str, settings: Settings, inputs: Inputs, parts: str) -> Caption:
    """What every table and figure says of itself."""
    split = " ".join((settings.split, *settings.held_out))
    return Caption(model, inputs.caption_level, inputs.name, f"{split} split, {parts}")


def draw_all(
    rows: Sequence[Row], settings: Settings, inputs: Inputs
) -> Iterator[tuple[str, Caption, Figure]]:
    """Of each network and part: computed and predicted energies, and errors by metal.

    The best baseline, that with the smallest error in that part, stands beside the strategies.

    Yields
    ------
    tuple
        Name of the figure, its caption, and itself.
    """
    for preset in dict.fromkeys(row.model for row in rows if not row.baseline):
        for part in PARTS:
            shown = {
                f"strategy {row.learned}": row.outcomes[part]
                for row in rows
                if row.model == preset and not row.baseline and part in row.outcomes
            }
            if not shown:
                continue
            best = _best_baseline(rows, part)
            if best is not None:
                name = f"best baseline: {best.model}, {best.learned}"
                shown[name] = best.outcomes[part]
            caption = caption_of(preset, settings, inputs, PART_NAMES[part])
            yield (
                f"parity-{preset}-{part}",
                caption,
                draw_parities(shown, caption, colour_by="metal"),
            )
            yield f"errors-by-metal-{preset}-{part}", caption, draw_errors(_alike(shown), caption)


def _best_baseline(rows: Sequence[Row], part: str) -> Row | None:
    found = [row for row in rows if row.baseline and part in row.outcomes]
    return min(found, key=lambda row: row.scores[part].mae, default=None)


def _alike(shown: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Those that were asked about the same complexes as the first."""
    keys = [frozenset(found.key) for found in shown.values()]
    return {
        name: found
        for (name, found), own in zip(shown.items(), keys, strict=True)
        if own == keys[0]
    }
