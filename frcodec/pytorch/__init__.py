"""torch modules: to .frc files and back, calibration, and tensors as trained frequencies."""
