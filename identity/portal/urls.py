"""Addresses under /portal/ that are about the person."""

from django.urls import path

from identity.portal import views

app_name = "portal"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("security/", views.security, name="security"),
]
