"""What affiliates are given on paper."""
