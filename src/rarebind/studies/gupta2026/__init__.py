"""Gupta, Hetherington and de Jong, *Digital Discovery* 2026, 5, 363 (10.1039/d5dd00286a)."""
