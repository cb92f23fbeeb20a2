"""What the public has seen already: earlier releases, beside tonight's table."""
