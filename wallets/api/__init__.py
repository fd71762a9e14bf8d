"""The API of wallets and rails."""
