"""What is asked of a training, and what NequIP is told of it."""
