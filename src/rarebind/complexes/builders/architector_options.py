"""Choices of the Architector builder, importable without Architector."""

#: Which polyhedra to try.
CORES = ("common", "all")
