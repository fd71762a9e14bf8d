"""Addresses under /affiliate/ of what somebody was paid."""

from django.urls import path

from payouts.portal import views

app_name = "affiliate_payouts"

urlpatterns = [path("in/<slug:slug>/payouts/", views.payouts, name="payouts")]
