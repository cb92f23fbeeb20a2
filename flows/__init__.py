"""Prefect flows: order and isolation, nothing else."""
