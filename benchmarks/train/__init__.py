"""Training runs: networks trained to be small files, beside the honest baselines."""
