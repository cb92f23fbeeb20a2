"""The audit: what the public can know of a published table, from the published table alone."""
