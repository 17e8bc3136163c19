"""PyTorch files: zip archives, TorchScript, the legacy format, sparse coefficients; pickles run no code."""
