"""The command line: `opengazette …`."""
