"""What the server needs beyond rarebind itself."""

from __future__ import annotations

from importlib.util import find_spec

from rarebind.errors import MissingDependencyError


def need_serving() -> None:
    """Look for what the server needs, before anything is begun.

    Raises
    ------
    MissingDependencyError
        Some of it is not installed.
    """
    if missing := [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]:
        raise MissingDependencyError(
            f"the server needs {', '.join(missing)}, not found here.  Install what is missing "
            "with: pip install 'rarebind[serve]'"
        )
