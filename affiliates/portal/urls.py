"""Addresses under /affiliate/."""

from django.urls import path

from affiliates.portal import views

app_name = "affiliate"

urlpatterns = [path("", views.overview, name="overview")]
