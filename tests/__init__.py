"""The tests of ftpalg."""

from hypothesis import HealthCheck, settings

settings.register_profile("ftpalg", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ftpalg")  # a busy machine is no fault
