"""Routes of identity under /api/v2/."""

from rest_framework.routers import SimpleRouter

from identity.api.views import ApiKeyViewSet, ProgramViewSet

# Routes have no slash at the end, as API.md writes them.
router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("programs", ProgramViewSet, basename="program")
router.register("api-keys", ApiKeyViewSet, basename="api-key")

urlpatterns = router.urls
