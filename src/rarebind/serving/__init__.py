"""Screens from the browser: a server for one person, reachable from this machine alone."""

from rarebind.serving.needs import need_serving

__all__ = ["need_serving"]
