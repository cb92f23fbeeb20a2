"""Coarser forms of a table that would bring its score to the limit."""
