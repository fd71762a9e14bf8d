"""audit's part of the API: the journal, reconciliation and its findings.

audit owns no people and no programs, so these views don't say who may reach what: the composition root joins them
with the doors that do (``config.api.enterprise``).
"""
