"""Measurements against named baselines: `python -m benchmarks pipeline` and `... suppression`."""
