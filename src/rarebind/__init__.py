"""rarebind: how strongly and how selectively a ligand binds each rare-earth ion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rarebind.screening.api import screen as screen

__version__ = "0.1.0"
__all__ = ["__version__", "screen"]


def __getattr__(name: str) -> Any:
    """Load `screen` when it is first asked for: chemistry takes a second to import."""
    if name == "screen":
        from rarebind.screening.api import screen

        return screen
    raise AttributeError(f"module 'rarebind' has no attribute {name!r}")
