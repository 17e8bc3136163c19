"""From an open file to tensors and to the rebuilt model file."""
