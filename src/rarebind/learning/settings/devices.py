"""What a training runs on."""

from __future__ import annotations

from rarebind.errors import InputError
from rarebind.learning.settings.config import TrainingConfig


def accelerator_of(config: TrainingConfig) -> str:
    """Lightning's name of it: ``cuda`` or ``cpu``.

    Its own choice would be a Mac's GPU as well, which has no numbers of 64 bits.
    """
    import torch

    wanted = {"auto": torch.cuda.is_available(), "gpu": True, "cpu": False}
    return "cuda" if wanted[config.accelerator] else "cpu"


def check_devices(config: TrainingConfig) -> None:
    """See that the GPUs that are asked for are there.

    Raises
    ------
    InputError
        There are none, or fewer.
    """
    import torch

    if accelerator_of(config) == "cpu":
        return
    if not torch.cuda.is_available():
        raise InputError(
            "accelerator: gpu, but PyTorch finds none (torch.cuda.is_available() is false): give "
            "cpu or auto, or install a PyTorch for CUDA"
        )
    if (found := torch.cuda.device_count()) < config.devices:
        raise InputError(f"devices: {config.devices} are asked for, and PyTorch finds {found}")
