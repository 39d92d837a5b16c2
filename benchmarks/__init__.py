"""Figures that the documentation states, one command each: ``python -m benchmarks.NAME``."""
