"""Publish a health department's tables as open data, with proof that nobody is found in them."""
