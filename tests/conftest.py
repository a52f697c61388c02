"""How do all tests run? The same way each time, whatever else the machine is doing."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tokaudit",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("tokaudit")
