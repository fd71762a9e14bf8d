"""commerce: what is sold, and what happens between order and delivery.

Purpose: shops, products, orders, escrow, instalments, payment links.
Tables: none yet.
Callers: affiliates and above; it imports invoicing and below.
"""
