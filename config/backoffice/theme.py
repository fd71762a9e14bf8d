"""How the back office looks and what stands in its sidebar."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _house_name(request: HttpRequest) -> str:
    from identity.queries.settings import setting  # settings are read before there are models

    return str(setting("house.name"))


def _may(request: HttpRequest, permission: str) -> bool:
    from audit.access import may  # likewise

    return may(request, permission)


def _item(title: str, icon: str, url_name: str, permission: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(url_name),
        "permission": lambda request: _may(request, permission),
    }


UNFOLD_SETTINGS: dict[str, Any] = {
    "SITE_TITLE": _house_name,
    "SITE_HEADER": _house_name,
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": None,  # the user menu names the portal
    "SITE_ICON": lambda request: static("brand/logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}],
    "STYLES": [lambda request: static("css/admin.css")],
    "SCRIPTS": [lambda request: static("js/portal.js")],  # copies ids
    "SHOW_HISTORY": False,  # the journal is the history
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "config.backoffice.home.fill_dashboard",
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#f5f3ff",
            "100": "#ede9fe",
            "200": "#ddd6fe",
            "300": "#c4b5fd",
            "400": "#a78bfa",
            "500": "#8b5cf6",
            "600": "#7339d9",
            "700": "#6326c4",
            "800": "#5221a0",
            "900": "#451e84",
            "950": "#2a1065",
        },
    },
    "ACCOUNT": {
        "navigation": [
            {"title": "Portal", "link": reverse_lazy("portal:overview")},
            {"title": "Security", "link": reverse_lazy("portal:security")},
            {"title": "Change password", "link": reverse_lazy("account_change_password")},
        ],
    },
    "SIDEBAR": {
        # It finds the names that stand in the sidebar anyway, and the theme's script fails on the Enter key.
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [_item("Home", "home", "admin:index", "admin.enter")],
            },
            {
                "title": "Four eyes",
                "separator": True,
                "items": [_item("Proposals", "how_to_vote", "admin:identity_proposal_changelist", "proposal.read")],
            },
            {
                "title": "People and programs",
                "separator": True,
                "items": [
                    _item("Programs", "domain", "admin:identity_program_changelist", "program.read"),
                    _item("People", "group", "admin:identity_user_changelist", "user.read"),
                    _item("Parties", "handshake", "admin:identity_party_changelist", "party.read"),
                    _item("Roles", "badge", "admin:identity_membership_changelist", "membership.read"),
                    _item("API keys", "key", "admin:identity_apikey_changelist", "key.read"),
                    _item("Settings", "tune", "admin:identity_setting_changelist", "setting.read"),
                ],
            },
            {
                "title": "Wallets",
                "separator": True,
                "items": [
                    _item("Wallets", "wallet", "admin:wallets_wallet_changelist", "wallet.read"),
                    _item("Transactions", "swap_vert", "admin:wallets_wallettransaction_changelist", "wallet.read"),
                    _item("Payments", "payments", "admin:wallets_paymentrecord_changelist", "wallet.read"),
                ],
            },
            {
                "title": "Affiliates",
                "separator": True,
                "items": [
                    {
                        **_item("Affiliates", "diversity_3", "admin:affiliates_affiliate_changelist", "affiliate.read"),
                        # The tree lies below it in the address, and beside it here.
                        "active": lambda request: (
                            request.path.startswith("/admin/affiliates/affiliate/")
                            and not request.path.startswith("/admin/affiliates/affiliate/tree/")
                        ),
                    },
                    _item("Tree", "account_tree", "admin:affiliates_affiliate_tree", "affiliate.read"),
                    _item("Tiers and rates", "stairs", "admin:affiliates_tier_changelist", "affiliate.read"),
                    _item("Members", "person_add", "admin:affiliates_member_changelist", "member.read"),
                    _item("Claims", "fact_check", "admin:affiliates_claim_changelist", "claim.read"),
                    _item("Settlements", "price_check", "admin:affiliates_settlement_changelist", "settlement.read"),
                    _item("Commissions", "percent", "admin:affiliates_commission_changelist", "commission.read"),
                    _item("Reports", "summarize", "admin:affiliates_commissionreport_changelist", "commission.read"),
                    _item("Adjustments", "edit_note", "admin:affiliates_adjustment_changelist", "commission.read"),
                    _item(
                        "Payout methods",
                        "account_balance_wallet",
                        "admin:affiliates_payoutmethod_changelist",
                        "affiliate.read",
                    ),
                ],
            },
            {
                "title": "Payouts",
                "separator": True,
                "items": [
                    {
                        **_item("Batches", "outbox", "admin:payouts_payoutbatch_changelist", "payout.read"),
                        "active": lambda request: (
                            request.path.startswith("/admin/payouts/payoutbatch/")
                            and not request.path.startswith("/admin/payouts/payoutbatch/desks/")
                        ),
                    },
                    _item("Payouts", "send_money", "admin:payouts_payout_changelist", "payout.read"),
                    _item("Withdrawals", "logout", "admin:wallets_withdrawal_changelist", "wallet.read"),
                    _item("Owed outside", "undo", "admin:wallets_outgoing_changelist", "wallet.read"),
                    _item("Sending", "speed", "admin:payouts_payoutbatch_desks", "payout.read"),
                ],
            },
            {
                "title": "Books",
                "separator": True,
                "items": [
                    _item("Accounts", "account_balance", "admin:ledger_account_changelist", "ledger.read"),
                    _item("Transactions", "receipt_long", "admin:ledger_transaction_changelist", "ledger.read"),
                    _item("Statements", "description", "admin:ledger_issuedstatement_changelist", "ledger.read"),
                    _item("Trial balance", "balance", "admin:ledger_account_trial_balance", "ledger.read"),
                    _item("Intents", "task_alt", "admin:ledger_intent_changelist", "intent.read"),
                    _item("Holds", "lock_clock", "admin:ledger_hold_changelist", "ledger.read"),
                    _item("Periods", "event_available", "admin:ledger_period_changelist", "ledger.read"),
                ],
            },
            {
                "title": "Rails",
                "separator": True,
                "items": [
                    _item("Rail accounts", "cable", "admin:wallets_railaccount_changelist", "rail.read"),
                    _item("Inbox", "inbox", "admin:wallets_railevent_changelist", "rail.read"),
                    _item("Rail statements", "request_quote", "admin:wallets_railstatement_changelist", "rail.read"),
                ],
            },
            {
                "title": "What happened",
                "separator": True,
                "items": [
                    _item("Journal", "history_edu", "admin:audit_entry_changelist", "journal.read"),
                    _item("Seals", "verified_user", "admin:audit_seal_changelist", "seal.read"),
                    _item("Messages", "outgoing_mail", "admin:notifications_delivery_changelist", "notification.read"),
                ],
            },
            {
                "title": "Reconciliation",
                "separator": True,
                "items": [
                    _item("Findings", "rule", "admin:audit_finding_changelist", "reconciliation.read"),
                    _item("Runs", "fact_check", "admin:audit_reconciliationrun_changelist", "reconciliation.read"),
                ],
            },
            {
                "title": "Operations",
                "separator": True,
                "items": [
                    _item("Workers", "monitor_heart", "admin:operations", "operations.read"),
                    _item("Waiting tasks", "hourglass_top", "admin:django_q_ormq_changelist", "operations.read"),
                    _item("Failed tasks", "error", "admin:django_q_failure_changelist", "operations.read"),
                    _item("Finished tasks", "task_alt", "admin:django_q_success_changelist", "operations.read"),
                    _item("Schedules", "schedule", "admin:django_q_schedule_changelist", "operations.read"),
                ],
            },
        ],
    },
}
