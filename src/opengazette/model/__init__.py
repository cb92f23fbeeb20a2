"""Frozen values: what a steward writes, what a step hands on, what the ledger keeps."""
