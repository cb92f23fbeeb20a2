"""Complementary suppression: which further cells to withhold, as few as possible."""
