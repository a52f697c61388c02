"""How many tokens were billed? The usage blocks of every provider, as exclusive token classes."""
