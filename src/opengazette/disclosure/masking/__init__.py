"""The masking of one publication table: every reason to withhold, one after another."""
