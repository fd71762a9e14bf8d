"""What payouts answer."""
