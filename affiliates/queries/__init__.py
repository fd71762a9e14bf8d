"""What is known of affiliates, members, and what they earn."""
