"""Primary suppression: what the policy itself withholds, and how wide the doubt must be."""
