"""Settings of all property tests: the same examples on every run and machine, and no time limit for one example."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "frcodec",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("frcodec")
