"""What names one person, or leads to one, in texts, columns and records."""
