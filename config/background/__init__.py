"""Background work: queues, brokers, what runs by the clock, and how we know that workers work."""
