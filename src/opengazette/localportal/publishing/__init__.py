"""The Publishing API v1: revisions, their sources, what becomes of them, and how they apply."""
