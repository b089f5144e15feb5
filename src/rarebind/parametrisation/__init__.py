"""Parameters of GFN2-xTB for the rare earths, fitted to reference energies and forces."""

from rarebind.parametrisation.run import (
    METHOD,
    Parametrisation,
    parametrise,
    tabulated,
    write_level,
)
from rarebind.parametrisation.settings import Settings, read_settings

__all__ = [
    "METHOD",
    "Parametrisation",
    "Settings",
    "parametrise",
    "read_settings",
    "tabulated",
    "write_level",
]
