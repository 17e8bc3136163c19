"""PyTorch files: zip archives, TorchScript, the legacy format, sparse DCT coefficients. No code of a file is run."""
