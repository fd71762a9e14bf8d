"""notifications: what the outside is told.

Purpose: e-mail, chat and outbound webhooks, made from the journal it tails; sign-in mail is the sign-in library's.
Tables: none yet.
Callers: config only; it may import everything below.
"""
