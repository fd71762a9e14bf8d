"""Transactions in files: the two formats in which books leave a program and come into one.

CSV has a row for each entry, JSON Lines a transaction on each line. The first line says the format and its version.
Accounts are named by their codes and assets, so that a file means the same in any program.
"""

from ledger.interchange.formats import FORMATS, VERSION, CsvColumn, WrittenEntry, WrittenTransaction

__all__ = ["FORMATS", "VERSION", "CsvColumn", "WrittenEntry", "WrittenTransaction"]
