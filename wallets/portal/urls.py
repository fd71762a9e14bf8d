"""Addresses under /portal/wallets/."""

from django.urls import path

from wallets.portal import views

app_name = "wallets"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("<uuid:pk>/", views.wallet, name="wallet"),
    path("<uuid:pk>/transactions/<uuid:line_pk>/", views.receipt, name="receipt"),
    path("<uuid:pk>/transfer/", views.transfer, name="transfer"),
    path("<uuid:pk>/pay/", views.pay, name="pay"),
    path("<uuid:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("<uuid:pk>/withdrawals/<uuid:withdrawal_pk>/cancel/", views.cancel, name="cancel_withdrawal"),
    path("<uuid:pk>/statements/", views.statements, name="statements"),
    path("<uuid:pk>/statements/<uuid:statement_pk>.pdf", views.statement_file, {"form": "pdf"}, name="statement_pdf"),
    path("<uuid:pk>/statements/<uuid:statement_pk>.csv", views.statement_file, {"form": "csv"}, name="statement_csv"),
]
