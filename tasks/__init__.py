"""Prefect tasks: one thin wrapper for each step."""
