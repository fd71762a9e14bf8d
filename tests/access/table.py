"""Who may pass which door: one line for each route, screen, button, autocomplete and export, naming its permission.

This is the one place where a new door is written down. The tests beside it walk every door of the house as every role
of every program, with every kind of credential, and hold it to its line and to the one table of roles
(`identity.rules.ROLE_PERMISSIONS`); a door without a line fails the build, and so does a line without a door. A door
that names an object of a new model needs a row of it, too: `tests/access/rows.py`.
"""

OPEN = "open to everybody"
SIGNED_IN = "signed in"

# Routes of the API.
ROUTES = {
    "GET /api/schema/": OPEN,
    "GET /api/docs/": OPEN,
    "POST /api/v2/auth/token": OPEN,
    "POST /api/v2/auth/refresh": OPEN,
    "POST /api/v2/auth/revoke": OPEN,
    "POST /api/v2/auth/step-up": SIGNED_IN,
    "GET /api/v2/auth/wallet": SIGNED_IN,
    "POST /api/v2/auth/wallet/challenge": SIGNED_IN,
    "POST /api/v2/auth/wallet/prove": SIGNED_IN,
    "GET /api/v2/programs": "program.read",
    "POST /api/v2/programs": "program.create",
    "GET /api/v2/programs/{id}": "program.read",
    "PUT /api/v2/programs/{id}": "program.change",
    "PATCH /api/v2/programs/{id}": "program.change",
    "POST /api/v2/programs/{id}/pause": "program.change_status",
    "POST /api/v2/programs/{id}/resume": "program.change_status",
    "POST /api/v2/programs/{id}/close": "program.change_status",
    "GET /api/v2/programs/{id}/terms": "terms.read",
    "GET /api/v2/api-keys": "key.read",
    "POST /api/v2/api-keys": "key.manage",
    "GET /api/v2/api-keys/{id}": "key.read",
    "POST /api/v2/api-keys/{id}/revoke": "key.manage",
    "POST /api/v2/api-keys/{id}/collect": "key.manage",
    "GET /api/v2/settings": "setting.read",
    "GET /api/v2/settings/{key}": "setting.read",
    "PATCH /api/v2/settings/{key}": "setting.change",
    "GET /api/v2/settings/{key}/history": "setting.read",
    # Whether one may propose or vote follows from the kind and the policy.
    "GET /api/v2/proposals": "proposal.read",
    "POST /api/v2/proposals": "proposal.read",
    "GET /api/v2/proposals/{id}": "proposal.read",
    "POST /api/v2/proposals/{id}/vote": "proposal.read",
    "POST /api/v2/proposals/{id}/recall": "proposal.read",
    "GET /api/v2/enterprise/audit": "journal.read",
    "GET /api/v2/enterprise/audit/{id}": "journal.read",
    "GET /api/v2/enterprise/ledger/accounts": "ledger.read",
    "GET /api/v2/enterprise/ledger/accounts/{id}": "ledger.read",
    "GET /api/v2/enterprise/ledger/accounts/{id}/statement": "ledger.read",
    "GET /api/v2/enterprise/ledger/accounts/{id}/statements": "ledger.read",
    "POST /api/v2/enterprise/ledger/accounts/{id}/statements": "statement.issue",
    "GET /api/v2/enterprise/ledger/balance": "ledger.read",
    "GET /api/v2/enterprise/ledger/entries": "ledger.read",
    "GET /api/v2/enterprise/ledger/entries/{id}": "ledger.read",
    "GET /api/v2/enterprise/ledger/statements/{id}": "ledger.read",
    "GET /api/v2/enterprise/ledger/statements/{id}/pdf": "ledger.read",
    "GET /api/v2/enterprise/ledger/statements/{id}/csv": "ledger.read",
    "GET /api/v2/enterprise/ledger/transactions": "ledger.read",
    "GET /api/v2/enterprise/ledger/transactions/{id}": "ledger.read",
    "GET /api/v2/enterprise/ledger/tree": "ledger.read",
    "GET /api/v2/enterprise/ledger/trial-balance": "ledger.read",
    "GET /api/v2/intents": "intent.read",
    "GET /api/v2/intents/{id}": "intent.read",
    "POST /api/v2/intents/{id}/retry": "intent.retry",
    "POST /api/v2/enterprise/reconcile": "reconciliation.run",
    "GET /api/v2/enterprise/reconciliation": "reconciliation.read",
    "GET /api/v2/enterprise/reconciliation/{id}": "reconciliation.read",
    "GET /api/v2/enterprise/findings": "reconciliation.read",
    "GET /api/v2/enterprise/findings/{id}": "reconciliation.read",
    "POST /api/v2/enterprise/findings/{id}/assign": "reconciliation.work",
    "POST /api/v2/enterprise/findings/{id}/explain": "reconciliation.work",
    "POST /api/v2/enterprise/findings/{id}/resolve": "reconciliation.work",
}

# Only people pass these: a key and the service are turned away although they may carry the permission to read.
PEOPLE_ONLY = {"POST /api/v2/proposals", "POST /api/v2/proposals/{id}/vote", "POST /api/v2/proposals/{id}/recall"}

# Screens of the back office: the list and the page of an object.
SCREENS = {
    "audit.entry": "journal.read",
    "audit.finding": "reconciliation.read",
    "audit.reconciliationrun": "reconciliation.read",
    "audit.seal": "seal.read",
    "django_q.failure": "operations.read",
    "django_q.ormq": "operations.read",
    "django_q.schedule": "operations.read",
    "django_q.success": "operations.read",
    "identity.apikey": "key.read",
    "identity.membership": "membership.read",
    "identity.party": "party.read",
    "identity.program": "program.read",
    "identity.proposal": "proposal.read",
    "identity.setting": "setting.read",
    "identity.user": "user.read",
    "ledger.account": "ledger.read",
    "ledger.hold": "ledger.read",
    "ledger.intent": "intent.read",
    "ledger.issuedstatement": "ledger.read",
    "ledger.period": "ledger.read",
    "ledger.transaction": "ledger.read",
    "notifications.delivery": "notification.read",
    "wallets.paymentrecord": "ledger.read",
    "wallets.wallet": "ledger.read",
    "wallets.wallettransaction": "ledger.read",
}

# Everything else under /admin/, by method and URL name.
BUTTONS = {
    "GET app_list": "admin.enter",
    "GET autocomplete": "admin.enter",  # what it finds: below
    "GET index": "admin.enter",
    "GET jsi18n": "admin.enter",
    "GET login": "admin.enter",
    "GET logout": "admin.enter",
    "GET operations": "operations.read",
    "GET password_change": "admin.enter",
    "GET password_change_done": "admin.enter",
    "GET search": "admin.enter",
    "GET view_on_site": "admin.enter",
    "GET audit_entry_proof": "journal.read",
    "POST audit_finding_settle": "reconciliation.work",
    "POST audit_finding_take": "reconciliation.work",
    "POST audit_reconciliationrun_ask": "reconciliation.run",
    "POST identity_apikey_revoke": "key.manage",
    "GET identity_membership_give": "membership.grant",
    "POST identity_membership_give": "membership.grant",
    "GET identity_party_edit": "party.manage",
    "POST identity_party_edit": "party.manage",
    "GET identity_party_open": "party.manage",
    "POST identity_party_open": "party.manage",
    "GET identity_program_propose_terms": "terms.propose",
    "POST identity_program_propose_terms": "terms.propose",
    "POST identity_proposal_recall": "proposal.read",
    "POST identity_proposal_vote": "proposal.read",
    "GET identity_user_propose_reset": "second_factor.propose",
    "POST identity_user_propose_reset": "second_factor.propose",
    "GET identity_setting_one": "setting.read",
    "POST identity_setting_one": "setting.change",
    "GET ledger_account_statement": "ledger.read",
    "POST ledger_account_issue": "statement.issue",
    "POST ledger_account_status": "account.freeze",
    "GET ledger_issuedstatement_csv": "ledger.read",
    "GET ledger_issuedstatement_pdf": "ledger.read",
    "GET ledger_account_trial_balance": "ledger.read",
    "POST ledger_intent_retry": "intent.retry",
    "POST ledger_intent_retry_many": "intent.retry",
    "POST ledger_period_close": "ledger.close",
    "POST notifications_delivery_retry": "notification.retry",
    "GET wallets_paymentrecord_prove": "ledger.propose",
    "POST wallets_paymentrecord_prove": "ledger.propose",
    "GET wallets_paymentrecord_refund": "payment.refund",
    "POST wallets_paymentrecord_refund": "payment.refund",
    "GET wallets_wallet_adjust": "ledger.propose",
    "POST wallets_wallet_adjust": "ledger.propose",
    "POST wallets_wallet_state": "account.freeze",
    "POST wallets_wallet_verify": "ledger.read",
}

# Buttons over what belongs to no program: the permission is asked in the house, of those who operate it.
OF_THE_HOUSE = {"POST audit_reconciliationrun_ask"}

# What the admin's one autocomplete address finds: every screen that can be searched and that a column anywhere
# points to, whether a form uses it or not.
AUTOCOMPLETES = {
    "audit.reconciliationrun": "reconciliation.read",
    "audit.seal": "seal.read",
    "identity.party": "party.read",
    "identity.program": "program.read",
    "identity.proposal": "proposal.read",
    "identity.user": "user.read",
    "ledger.account": "ledger.read",
    "ledger.transaction": "ledger.read",
    "wallets.paymentrecord": "ledger.read",
    "wallets.wallet": "ledger.read",
    "wallets.wallettransaction": "ledger.read",
}

# Files to take away: whatever answers with an attachment, says `exports = True`, or is an action of a list.
EXPORTS = {
    "GET audit_entry_proof": "journal.read",  # one line of the journal
    "GET ledger_account_statement": "ledger.read",
    "GET ledger_issuedstatement_csv": "ledger.read",
    "GET ledger_issuedstatement_pdf": "ledger.read",
    "GET /api/v2/enterprise/ledger/statements/{id}/pdf": "ledger.read",
    "GET /api/v2/enterprise/ledger/statements/{id}/csv": "ledger.read",
}
