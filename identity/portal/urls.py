"""Addresses under /portal/ that are about the person; the first page stands in config, which knows all rooms."""

from django.urls import path

from identity.portal import views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/addresses/", views.ask_address, name="ask_address"),
    path("profile/addresses/<uuid:pk>/", views.sign_address, name="sign_address"),
    path("keys/", views.keys, name="keys"),
    path("keys/<uuid:pk>/collect/", views.collect_key, name="collect_key"),
    path("keys/<uuid:pk>/revoke/", views.revoke_key, name="revoke_key"),
    path("security/", views.security, name="security"),
]
