"""The routes of wallets: /api/v2/wallets and its like, /api/customer, and the wallet service at /wallets."""
