"""The stated subset of SoQL: text becomes a tree, and only trees of the subset become SQL."""
