"""What NequIP loads of ours: graphs, batches, callbacks, the network; all of it needs torch."""

from importlib.util import find_spec

from rarebind.errors import MissingDependencyError


def need_nequip() -> None:
    """Look for what networks need, before anything is begun.

    Raises
    ------
    MissingDependencyError
        Some of it is not installed.
    """
    if missing := [name for name in ("torch", "nequip", "allegro") if find_spec(name) is None]:
        raise MissingDependencyError(
            f"networks need {', '.join(missing)}, not found here.  Install what is missing with: "
            "pip install 'rarebind[learn]'"
        )
