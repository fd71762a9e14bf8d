"""notifications: what the outside is told.

Purpose: e-mail, chat and outbound webhooks, made from the journal it tails; sign-in mail is the sign-in library's.
Today: e-mail. A message is planned once per person and thing, and sent until the mail server takes it.
Tables: TailPosition, Delivery.
Callers: config only; it may import everything below.
"""
