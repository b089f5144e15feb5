"""Whether a checkpoint in the folder of a run is whole, and that run's own."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rarebind.errors import InputError
from rarebind.learning.training.folder import read_run, run_hash

_ADVICE = "put back the run's own file, or train anew in another folder"
#: What every checkpoint of ``nequip-train`` has.
_NEEDED = {"state_dict", "hyper_parameters"}


def check_checkpoint(folder: Path | str, name: str) -> None:
    """See that a checkpoint, if it is there, is whole and was made by the run in `folder`.

    A checkpoint is a pickle, which can run any code: only folders of one's own trainings are
    looked at.  One from before checkpoints were marked is taken as it is.

    Parameters
    ----------
    folder
        Of the run.
    name
        Of the checkpoint in it, :data:`BEST` or :data:`LAST`.

    Raises
    ------
    InputError
        It is damaged, no checkpoint of a network, or another run's; or `folder` holds no run.
    """
    path = Path(folder) / name
    if not path.exists():
        return
    expected = run_hash(read_run(folder))
    from rarebind.learning.nequip.callbacks import RunIdentity

    found = RunIdentity.read(_content(path))
    if found is not None and found != expected:
        raise InputError(
            f"{path} was made by another run, of another configuration, other data or another "
            f"split: {_ADVICE}"
        )


def _content(path: Path) -> Mapping[str, Any]:
    import torch

    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    try:
        with file:
            content: Any = torch.load(file, map_location="cpu", weights_only=False)
    except (
        # A file without its end makes torch seek before its beginning.
        OSError, RuntimeError, EOFError, ImportError, AttributeError, LookupError, TypeError,
        ValueError, pickle.PickleError,
    ) as error:  # fmt: skip
        first = str(error).partition("\n")[0]
        raise InputError(
            f"{path} is no checkpoint of a network, or is damaged ({first}): {_ADVICE}"
        ) from error
    if not isinstance(content, dict) or not content.keys() >= _NEEDED:
        raise InputError(f"{path} is no checkpoint of a network: {_ADVICE}")
    return content
