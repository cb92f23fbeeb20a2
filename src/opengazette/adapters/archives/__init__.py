"""Archives: the restricted zone where extracts, tables and papers lie."""
