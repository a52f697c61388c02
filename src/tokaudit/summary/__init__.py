"""How do partial sums become the result? The only place with division, quantiles and floats."""
