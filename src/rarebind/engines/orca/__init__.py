"""Density functional theory by the ORCA program, run here or elsewhere."""
