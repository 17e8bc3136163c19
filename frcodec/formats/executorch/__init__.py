"""ExecuTorch programs (.pte) and their data files (.ptd)."""
