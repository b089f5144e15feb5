"""Figures by matplotlib, apart from its global state, and their files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rarebind.errors import InputError
from rarebind.io.files import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

#: Told apart with every common kind of colour blindness (Okabe and Ito).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
#: Computed and predicted, where they stand side by side.
TRUTH, PREDICTED = "#8C8C8C", "#0072B2"
#: File formats by ending; metadata that would make equal figures differ is switched off.
_FORMATS: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None},
    ".svg": {"Date": None},
}


def new_figure(
    width: float,
    height: float,
    layout: LayoutEngine | Literal["constrained"] | None = "constrained",
) -> Figure:
    """An empty figure (inches) that no global state knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


def plain_label(text: str) -> str:
    """A label in which a dollar, as in people's names of things, begins no formula."""
    return text.replace("$", r"\$")


def image_of(figure: Figure, suffix: str = ".png", dpi: int = 200) -> bytes:
    """What a file of a figure holds; equal figures make equal files.

    Parameters
    ----------
    suffix
        ``.png``, ``.pdf`` or ``.svg``.
    """
    from matplotlib import rc_context

    image = io.BytesIO()
    with rc_context({"svg.hashsalt": "rarebind"}):
        figure.savefig(image, format=suffix[1:], dpi=dpi, metadata=_FORMATS[suffix])
    return image.getvalue()


def save_figure(figure: Figure, path: Path | str, dpi: int = 200) -> Path:
    """Write a figure whole or not at all; equal figures make equal files.

    Parameters
    ----------
    path
        Ends in ``.png``, ``.pdf`` or ``.svg``.

    Raises
    ------
    InputError
        Another ending, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in _FORMATS:
        raise InputError(f"{path}: a figure's name ends in {', '.join(_FORMATS)}")
    replace_file(path, image_of(figure, path.suffix, dpi))
    return path
