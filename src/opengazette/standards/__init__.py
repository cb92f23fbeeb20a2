"""What the data standards say of a column, and what a contract implies as expectations."""
