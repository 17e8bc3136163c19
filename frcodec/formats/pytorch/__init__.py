"""PyTorch files: zip archives, TorchScript, the legacy format, sparse coefficients; pickles are read without running code."""
