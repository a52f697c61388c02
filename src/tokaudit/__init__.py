"""tokaudit: what do our LLM calls cost, why, and what should we change?"""

__version__ = "0.1.0"
