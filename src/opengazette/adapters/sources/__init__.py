"""Sources: the databases of departments."""
