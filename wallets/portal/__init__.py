"""Pages for those who own wallets."""
