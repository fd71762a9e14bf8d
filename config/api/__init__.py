"""What every route of the API shares: the error body, the envelope, pages, filters, throttles, the schema."""
