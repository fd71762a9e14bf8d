"""The routes of wallets: /api/v2/wallets and its like, /api/customer, the wallet service at /wallets, and rails."""
