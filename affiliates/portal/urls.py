"""Addresses under /affiliate/, and those that referral links lead through."""

from django.urls import path

from affiliates.portal import views

app_name = "affiliate"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("join/<slug:slug>/", views.become, name="become"),
    path("join/<slug:slug>/code/", views.check_code, name="check_code"),
    path("in/<slug:slug>/", views.earnings, name="earnings"),
    path("in/<slug:slug>/commissions/", views.commissions, name="commissions"),
    path("in/<slug:slug>/commissions/<uuid:pk>/", views.commission, name="commission"),
    path("in/<slug:slug>/link/", views.link, name="link"),
    path("in/<slug:slug>/link.svg", views.link_code, name="link_code"),
    path("in/<slug:slug>/downline/", views.downline, name="downline"),
    path("in/<slug:slug>/downline/<uuid:pk>/", views.downline_of, name="downline_of"),
    path("in/<slug:slug>/methods/", views.methods, name="methods"),
    path("in/<slug:slug>/methods/<uuid:pk>/retire/", views.retire, name="retire"),
    path("in/<slug:slug>/reports/", views.reports, name="reports"),
    path("in/<slug:slug>/reports/<uuid:pk>.pdf", views.report_file, {"form": "pdf"}, name="report_pdf"),
    path("in/<slug:slug>/reports/<uuid:pk>.csv", views.report_file, {"form": "csv"}, name="report_csv"),
]

referral = (
    [
        path("r/<str:code>", views.follow, name="follow"),
        path("join/<slug:slug>/", views.join, name="join"),
        path("join/<slug:slug>/claims/", views.claim, name="claim"),
    ],
    "referral",
)
