"""Trained models: their files, what goes with their weights, and how they are asked."""
