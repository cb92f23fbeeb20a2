"""Who may let what go out, and within which limits."""
