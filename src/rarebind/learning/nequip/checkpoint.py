"""What NequIP leaves of a training: the network and its averaged weights."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from rarebind.errors import InputError
from rarebind.learning.nequip.inference import build

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Where the sole network stands in a training module.
_PREFIX = "model.sole_model."
_AVERAGED = "ema.ema_weight_"
_ADVICE = "put back the run's own file, or train anew in another folder"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A trained network.

    Attributes
    ----------
    network
        How it is built: ``_target_`` and arguments, plain data.
    weights
        By name; averaged over the steps of the training, where it did so.
    metrics
        Epoch, and the number by which this checkpoint was chosen.
    """

    network: Mapping[str, Any]
    weights: Mapping[str, NDArray[np.generic]]
    metrics: Mapping[str, float]


def load_checkpoint(path: Path) -> Mapping[str, Any]:
    """The content of a checkpoint of ``nequip-train``.

    A checkpoint is a pickle, which can run any code: only those of one's own trainings are read,
    and what is handed on to others is a model file.

    Raises
    ------
    InputError
        The file is missing or damaged, or is no checkpoint of a network.
    """
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
    if not isinstance(content, dict) or not content.keys() >= {"state_dict", "hyper_parameters"}:
        raise InputError(f"{path} is no checkpoint of a network: {_ADVICE}")
    return content


def read_checkpoint(path: Path) -> Checkpoint:
    """The network of a checkpoint.

    Raises
    ------
    InputError
        As :func:`load_checkpoint` raises it, or it is of no single network.
    """
    content = load_checkpoint(path)
    try:
        network = json.loads(json.dumps(content["hyper_parameters"]["model"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} describes no network ({error}): {_ADVICE}") from error
    state = content["state_dict"]
    weights = {
        name.removeprefix(_PREFIX): value
        for name, value in state.items()
        if name.startswith(_PREFIX)
    }
    # Averages are kept by number, in the order of the network's parameters.
    averaged = {int(n.removeprefix(_AVERAGED)): v for n, v in state.items() if _AVERAGED in n}
    if averaged:
        names = [name for name, _ in build(network).named_parameters()]
        if len(names) != len(averaged):
            raise InputError(f"{path}: {len(averaged)} averages of {len(names)} weights")
        weights |= {name: averaged[i] for i, name in enumerate(names)}
    return Checkpoint(
        network,
        {name: value.detach().cpu().numpy().copy() for name, value in weights.items()},
        {"epoch": float(content.get("epoch", 0)), **_scores(content.get("callbacks", {}))},
    )


def _scores(callbacks: Mapping[str, Any]) -> dict[str, float]:
    """What the best checkpoint was chosen by."""
    return {
        str(state["monitor"]): float(state["best_model_score"])
        for state in callbacks.values()
        if isinstance(state, Mapping)
        and state.get("monitor")
        and state.get("best_model_score") is not None
    }
