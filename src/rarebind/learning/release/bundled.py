"""The models that come with rarebind."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files

from rarebind.errors import InputError
from rarebind.io.yaml import read_yaml
from rarebind.learning.release.model import Model, load_model

_FOLDER = "data/models"


@dataclass(frozen=True)
class Bundled:
    """A model that comes with rarebind.

    Attributes
    ----------
    name
        Of the model; its file is called like it.
    summary
        One line for listings.
    sha256
        Of the file.
    """

    name: str
    summary: str
    sha256: str


def bundled_models() -> dict[str, Bundled]:
    """By name, the default first."""
    content, _ = read_yaml("models/models.yaml", None, "models")
    return {name: Bundled(name, **entry) for name, entry in content["models"].items()}


def bundled_model(name: str | None = None) -> Model:
    """A model that comes with rarebind; nothing is fetched from anywhere.

    Parameters
    ----------
    name
        By default the first of :func:`bundled_models`.

    Raises
    ------
    InputError
        There is no such model, or its file is missing or was changed.
    """
    known = bundled_models()
    name = next(iter(known)) if name is None else name
    if name not in known:
        raise InputError(f"no model {name!r} comes with rarebind: known are {', '.join(known)}")
    with as_file(files("rarebind").joinpath(f"{_FOLDER}/{name}.rarebind")) as path:
        return load_model(path, known[name].sha256)
