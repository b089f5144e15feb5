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


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint of ``nequip-train``.

    A checkpoint is a pickle, which can run any code: only those of one's own trainings are read,
    and what is handed on to others is a model file.

    Raises
    ------
    InputError
        The file is missing or damaged, or is no checkpoint of a single network.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=False)
        parameters, state = content["hyper_parameters"], content["state_dict"]
        network = json.loads(json.dumps(parameters["model"]))
    except OSError as error:
        raise InputError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    except (RuntimeError, EOFError, KeyError, TypeError, ValueError, pickle.PickleError) as error:
        raise InputError(
            f"{path} is no checkpoint of a network, or is damaged ({error}): train it again"
        ) from error
    weights = {
        name.removeprefix(_PREFIX): value
        for name, value in state.items()
        if name.startswith(_PREFIX)
    }
    # Averages are kept by number, in the order of the network's parameters.
    averaged = [value for name, value in state.items() if name.startswith(_AVERAGED)]
    if averaged:
        names = [name for name, _ in build(network).named_parameters()]
        if len(names) != len(averaged):
            raise InputError(f"{path}: {len(averaged)} averages of {len(names)} weights")
        numbered = {int(n.removeprefix(_AVERAGED)): n for n in state if n.startswith(_AVERAGED)}
        weights |= {name: state[numbered[i]] for i, name in enumerate(names)}
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
