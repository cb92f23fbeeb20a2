"""Tables that somebody brings along, outside any contract: protected and attacked as they are."""
