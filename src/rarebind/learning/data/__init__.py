"""What networks learn from: complexes with values of a target, divided into parts."""
