"""Portals: the public catalogues that releases go to."""
