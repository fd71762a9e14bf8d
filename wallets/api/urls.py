"""Routes of rails under /api/v2/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from wallets.api.views import HookView, RailAccountViewSet, RailEventViewSet

rails = SimpleRouter(trailing_slash=False, use_regex_path=False)
rails.register("rail-accounts", RailAccountViewSet, basename="rail-account")
rails.register("rail-events", RailEventViewSet, basename="rail-event")

rail_urls = [*rails.urls, path("hooks/<str:code>/<str:token>", HookView.as_view(), name="hook")]
