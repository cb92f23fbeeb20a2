"""Disclosure control: the mathematics of what may be shown."""
