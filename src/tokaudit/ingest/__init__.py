"""How do log files become rows of the ledger?

files -> splits -> records -> calls -> tables, in parallel and with bounded memory.
"""
