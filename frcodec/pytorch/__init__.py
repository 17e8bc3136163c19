"""PyTorch modules: saving and loading, calibration, and parameters as trained DCT coefficients."""
