"""What the house puts on paper: statements, and later invoices and receipts.

``Sheet`` is a PDF with the house's fonts and manners; what a document says and where it stands is the affair of its own
module. Nothing here knows the database: it is given words and numbers as they are to be read.
"""

from ledger.paper.sheet import Sheet

__all__ = ["Sheet"]
