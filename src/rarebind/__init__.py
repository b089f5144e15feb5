"""rarebind: how strongly and how selectively a ligand binds each rare-earth ion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rarebind.engines.ase_calculator import calculator as calculator
    from rarebind.screening.api import screen as screen

__version__ = "0.1.0"
#: What is loaded when it is first asked for: chemistry takes a second to import.
_LAZY = {"calculator": "rarebind.engines.ase_calculator", "screen": "rarebind.screening.api"}
__all__ = ["__version__", "calculator", "screen"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'rarebind' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
