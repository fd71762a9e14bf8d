"""The routes of affiliates: who brings, who is brought, what they settle and what is earned, under /api/v2."""
