"""How well are calls attributed to features, conversations and operations? Scores logs whose truth is known."""
