"""Every address of the house."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from affiliates.portal.urls import referral
from config.web import health, overview, pages
from identity.portal.urls import urlpatterns as of_the_person
from ledger.api.urls import intents
from wallets.api.urls import customer, rail_urls, service, wallets

# The browsable API links to these names; signing in and out is one page for the whole house.
browsable_api = [
    path("login/", RedirectView.as_view(pattern_name="account_login", query_string=True), name="login"),
    path("logout/", RedirectView.as_view(pattern_name="account_logout"), name="logout"),
]

portal = [path("", overview.overview, name="overview"), *of_the_person]

urlpatterns = [
    path("", pages.home, name="home"),
    path("health", health.health, name="health"),
    # /healthz, /readyz and /metrics are answered by ProbeMiddleware.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg", permanent=True)),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("portal/", include((portal, "portal"))),
    path("portal/wallets/", include("wallets.portal.urls")),
    path("affiliate/", include("affiliates.portal.urls")),
    path("affiliate/", include("payouts.portal.urls")),
    path("", include(referral)),
    path("api/v2/", include("identity.api.urls")),
    path("api/v2/", include(intents.urls)),
    path("api/v2/", include(rail_urls)),
    path("api/v2/enterprise/", include("config.api.enterprise")),
    path("api/v2/enterprise/ledger/", include("ledger.api.urls")),
    path("api/v2/", include(wallets.urls)),
    path("api/v2/", include("affiliates.api.urls")),
    path("api/v2/", include("payouts.api.urls")),
    path("api/customer/", include(customer)),
    path("wallets/", include(service)),
    path("api/session/", include((browsable_api, "rest_framework"))),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    path("api/", RedirectView.as_view(pattern_name="api_docs")),
    path("api", RedirectView.as_view(pattern_name="api_docs")),
]

handler400 = "config.web.pages.bad_request"
handler403 = "config.web.pages.permission_denied"
handler404 = "config.web.pages.page_not_found"
handler500 = "config.web.pages.server_error"
