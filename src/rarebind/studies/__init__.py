"""Published studies and what becomes of them with this package's data and models."""
