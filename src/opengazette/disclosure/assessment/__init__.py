"""The data assessment: the six steps, the publication score, and what they are measured by."""
