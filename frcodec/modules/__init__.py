"""Bridges to torch: modules to .frc files and back, and what errors in a module's weights do to its output."""

from .calibration_files import calibration_of
from .sensitivities import calibrate
from .state import load_model, save_model

__all__ = ["calibrate", "calibration_of", "load_model", "save_model"]
