"""What affiliates see of their payouts."""
