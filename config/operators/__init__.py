"""What operators ask for: an examination, demo data, pages made from the code."""
