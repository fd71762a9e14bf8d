"""Signing in from elsewhere, at a real provider: newcomers, connections, and everybody who is not let in."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.test import Client
from django.utils import timezone

from audit.models import Entry
from config.environment import BadEnvironment, read
from config.house.providers import provider_apps, provider_id, provider_settings
from identity.models import Membership, Program, User
from identity.operations import store_setting
from tests.config.test_environment import PRODUCTION
from tests.factories import PASSWORD, UserFactory
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider, running

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running() as provider:
        environment = read(
            {
                "OIDC_URL": provider.url,
                "OIDC_NAME": "Example",
                "OIDC_CLIENT_ID": CLIENT_ID,
                "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            }
        )
        settings.SOCIALACCOUNT_PROVIDERS = provider_settings(environment)
        yield provider


@pytest.fixture
def nora(db: None) -> User:
    """Somebody who was here before the provider."""
    nora = UserFactory(email="nora@example.com", name="Nora")
    EmailAddress.objects.create(user=nora, email=nora.email, verified=True, primary=True)
    return nora


def way_of(provider: Provider) -> str:
    return f"/accounts/oidc/{provider_id(provider.url)}/login/"


def leave(client: Client, provider: Provider, *, process: str = "login") -> str:
    """Send the button's form, and return where the page that follows leads."""
    answer = client.post(f"{way_of(provider)}?process={process}")
    assert answer.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert found
    return html.unescape(found[1])


def come_back(provider: Provider, out: str) -> str:
    """Walk through the provider as a browser does, and return the address it comes back to."""
    assert out.startswith(f"{provider.url}/authorize?")
    sent_to: str = requests.get(out, allow_redirects=False, timeout=5).headers["Location"]
    assert sent_to.startswith(f"http://testserver{way_of(provider)}callback/?")
    return sent_to.removeprefix("http://testserver")


def go(client: Client, provider: Provider, *, process: str = "login") -> Any:
    return client.get(come_back(provider, leave(client, provider, process=process)))


def is_signed_in(client: Client) -> bool:
    return client.get("/portal/").status_code == 200


def confirm(client: Client) -> None:
    """Give the password once more."""
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302


def sign_in(nora: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": nora.email, "password": PASSWORD})
    assert is_signed_in(client)
    return client


def connected(nora: User, provider: Provider) -> Client:
    client = sign_in(nora)
    confirm(client)
    assert go(client, provider, process="connect")["Location"] == "/accounts/3rdparty/"
    return client


def text_of(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    text: str = answer.content.decode()
    return text


# What is offered


def test_nothing_is_offered_where_nothing_is_named() -> None:
    for page in ("/accounts/login/", "/accounts/signup/"):
        assert "Sign in with" not in text_of(Client().get(page)).replace("Sign in with a passkey", "")
    for way in ("oidc/login.example.com", "google", "github"):
        assert Client().post(f"/accounts/{way}/login/").status_code == 404
        assert Client().get(f"/accounts/{way}/login/callback/?code=x&state=y").status_code == 404


def test_what_the_environment_names_is_offered(provider: Provider, nora: User) -> None:
    for page in ("/accounts/login/", "/accounts/signup/"):
        assert re.search(r"Sign in with\s+Example", text_of(Client().get(page)))
    client = sign_in(nora)
    assert "Accounts elsewhere" in text_of(client.get("/portal/security/"))
    assert re.search(r"Connect\s+Example", text_of(client.get("/accounts/3rdparty/")))


def test_a_row_in_the_library_s_table_offers_nothing(provider: Provider) -> None:
    SocialApp.objects.create(
        provider="openid_connect", provider_id="rogue", name="Rogue", client_id="x", settings={"server_url": "http://x"}
    )

    assert "Rogue" not in text_of(Client().get("/accounts/login/"))
    assert Client().post("/accounts/oidc/rogue/login/").status_code == 404


def test_a_link_alone_leads_nowhere(provider: Provider) -> None:
    text = text_of(Client().get(way_of(provider)))

    assert "Sign in with Example" in text
    assert provider.url not in text


# Newcomers


def test_a_newcomer_with_a_verified_address_is_let_in(provider: Provider) -> None:
    client = Client()

    answer = go(client, provider)

    assert answer["Location"] == "/"
    assert is_signed_in(client)
    user = User.objects.get()
    assert (user.email, user.name, user.has_usable_password()) == ("nora@example.com", "Nora Nash", False)
    assert EmailAddress.objects.filter(user=user, verified=True).count() == 1
    assert not Membership.objects.exists()
    entry = Entry.objects.about(user).get(action="identity.user.created")
    assert (entry.actor_id, entry.payload) == (str(user.pk), {"provider": provider_id(provider.url)})


def test_the_same_person_comes_back_to_the_same_account(provider: Provider) -> None:
    go(Client(), provider)
    provider.person["email"] = "another@example.com"  # who somebody is does not hang on an address

    client = Client()
    go(client, provider)

    assert is_signed_in(client)
    assert User.objects.get().email == "nora@example.com"


@pytest.mark.parametrize("verified", [False, "false", None, 1, "yes", "missing"])
def test_an_address_that_the_provider_has_not_verified_lets_nobody_in(verified: Any, provider: Provider) -> None:
    provider.person["email_verified"] = verified
    if verified == "missing":
        del provider.person["email_verified"]
    client = Client()

    assert "does not say that it has verified your address" in text_of(go(client, provider), 403)

    assert not is_signed_in(client)
    assert not User.objects.exists()
    assert client.get("/accounts/3rdparty/signup/")["Location"] == "/accounts/login/"


def test_a_provider_may_say_it_in_words(provider: Provider) -> None:
    provider.person["email_verified"] = "true"

    go(Client(), provider)

    assert EmailAddress.objects.get().verified


@pytest.mark.parametrize("email", [None, "", "not an address", "x" * 300 + "@example.com", 7])
def test_who_has_no_address_is_not_let_in(email: Any, provider: Provider) -> None:
    provider.person["email"] = email

    assert go(Client(), provider).status_code in (403, 502)
    assert not User.objects.exists()


def test_a_name_from_elsewhere_is_one_line(provider: Provider) -> None:
    provider.person["name"] = "Nora\n\u202eNash " + "x" * 200

    go(Client(), provider)

    name = User.objects.get().name
    assert name.startswith("Nora Nash x")
    assert len(name) == 120


def test_a_house_that_is_closed_lets_no_newcomer_in(provider: Provider, house: Program, acting: None) -> None:
    store_setting("house.sign_up_open", program=house, value=False, version=0, reason="x", at=timezone.now())

    go(Client(), provider)

    assert not User.objects.exists()


# People who were here before


@pytest.mark.parametrize("email", ["nora@example.com", "NORA@example.com"])
def test_an_address_alone_opens_no_account(email: str, provider: Provider, nora: User) -> None:
    provider.person["email"] = email
    client = Client()

    assert "Sign in to it as you did before" in text_of(go(client, provider), 409)

    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_another_address_of_an_account_opens_none_either(provider: Provider, nora: User) -> None:
    EmailAddress.objects.create(user=nora, email="second@example.com", verified=True)
    provider.person["email"] = "second@example.com"

    assert go(Client(), provider).status_code == 409
    assert User.objects.count() == 1


def test_who_is_signed_in_connects_and_comes_in_that_way(provider: Provider, nora: User) -> None:
    provider.person["email"] = "elsewhere@example.com"
    client = connected(nora, provider)

    page = text_of(client.get("/accounts/3rdparty/"))
    assert "elsewhere@example.com" in page
    entry = Entry.objects.about(nora).get(action="identity.user.account_connected")
    assert (entry.actor_id, entry.payload) == (str(nora.pk), {"provider": provider_id(provider.url)})
    other = Client()
    go(other, provider)
    assert is_signed_in(other)
    assert list(User.objects.all()) == [nora]
    nora.refresh_from_db()
    assert nora.email == "nora@example.com"


def test_connecting_asks_for_the_password_once_more(provider: Provider, nora: User) -> None:
    client = sign_in(nora)

    answer = go(client, provider, process="connect")

    assert answer["Location"] == "/accounts/reauthenticate/"
    assert not SocialAccount.objects.exists()


def test_one_account_elsewhere_opens_one_account_here(provider: Provider, nora: User) -> None:
    connected(nora, provider)
    other = UserFactory(email="other@example.com")
    EmailAddress.objects.create(user=other, email=other.email, verified=True, primary=True)

    client = sign_in(other)
    confirm(client)
    go(client, provider, process="connect")

    assert SocialAccount.objects.get().user == nora


def test_disconnecting_is_written_down_and_holds(provider: Provider, nora: User) -> None:
    client = connected(nora, provider)

    client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})

    assert not SocialAccount.objects.exists()
    entry = Entry.objects.about(nora).get(action="identity.user.account_disconnected")
    assert entry.payload == {"provider": provider_id(provider.url)}
    assert go(Client(), provider).status_code == 409


def test_disconnecting_asks_for_the_password_once_more(provider: Provider, nora: User) -> None:
    SocialAccount.objects.create(user=nora, provider=provider_id(provider.url), uid="person-1")

    answer = sign_in(nora).post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk})

    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert SocialAccount.objects.exists()


def test_the_only_way_in_is_not_taken_away(provider: Provider) -> None:
    client = Client()
    go(client, provider)

    text = text_of(client.post("/accounts/3rdparty/", {"account": SocialAccount.objects.get().pk}))

    assert "no password set up" in text
    assert SocialAccount.objects.exists()


def test_what_is_not_offered_any_more_can_be_disconnected(nora: User) -> None:
    account = SocialAccount.objects.create(user=nora, provider="gone.example.com", uid="1")
    client = sign_in(nora)
    confirm(client)

    assert "gone.example.com" in text_of(client.get("/portal/security/"))
    assert "gone.example.com" in text_of(client.get("/accounts/3rdparty/"))
    client.post("/accounts/3rdparty/", {"account": account.pk})

    assert not SocialAccount.objects.exists()
    assert Entry.objects.filter(action="identity.user.account_disconnected").exists()


def test_another_person_s_connection_stays(provider: Provider, nora: User, bob: User) -> None:
    account = SocialAccount.objects.create(user=bob, provider=provider_id(provider.url), uid="2")
    client = sign_in(nora)
    confirm(client)

    client.post("/accounts/3rdparty/", {"account": account.pk})

    assert SocialAccount.objects.exists()


def test_the_second_factor_is_asked_for_here(provider: Provider, nora: User) -> None:
    SocialAccount.objects.create(user=nora, provider=provider_id(provider.url), uid="person-1")
    TOTP.activate(nora, generate_totp_secret())
    client = Client()

    assert go(client, provider)["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)
    Authenticator.objects.all().delete()
    go(client, provider)
    # What a provider asked for is not what approving asks for.
    methods = {record["method"] for record in client.session["account_authentication_methods"]}
    assert methods == {"socialaccount"}


def test_who_was_deactivated_is_not_let_in(provider: Provider, nora: User) -> None:
    SocialAccount.objects.create(user=nora, provider=provider_id(provider.url), uid="person-1")
    User.objects.update(is_active=False)
    client = Client()

    go(client, provider)

    assert not is_signed_in(client)


# What is not believed


def test_an_answer_that_nobody_here_asked_for_is_refused(provider: Provider) -> None:
    back = come_back(provider, leave(Client(), provider))
    victim = Client()

    assert "Not signed in" in text_of(victim.get(back), 401)
    assert not is_signed_in(victim)


def test_an_answer_is_good_once(provider: Provider) -> None:
    client = Client()
    back = come_back(provider, leave(client, provider))
    client.get(back)
    client.post("/accounts/logout/")

    assert client.get(back).status_code == 401
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [{"aud": "another site"}, {"iss": "https://elsewhere.example.com"}, {"exp": 1}],
    ids=("for another", "by another", "expired"),
)
def test_a_token_that_is_not_for_us_lets_nobody_in(claims: dict[str, Any], provider: Provider) -> None:
    provider.claims = claims

    assert go(Client(), provider).status_code == 401
    assert not User.objects.exists()


def test_two_answers_about_two_people_are_refused(provider: Provider, nora: User) -> None:
    SocialAccount.objects.create(user=nora, provider=provider_id(provider.url), uid="person-1")
    provider.claims = {"sub": "person-2"}
    client = Client()

    assert "two answers" in text_of(go(client, provider), 403)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "said",
    [{}, {"sub": ""}, {"sub": "x" * 500}, {"sub": "a\x00"}, {"sub": "1", "email": ["a"]}, {"sub": "1", "x": "\x00"}],
)
def test_a_provider_that_speaks_nonsense_is_no_fault_of_ours(said: dict[str, Any], provider: Provider) -> None:
    provider.person = said

    assert go(Client(), provider).status_code in (401, 403, 502)
    assert not User.objects.exists()


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
def test_a_provider_that_falls_over_half_way_is_no_fault_of_ours(path: str, provider: Provider) -> None:
    client = Client()
    back = come_back(provider, leave(client, provider))
    provider.fails_at = {path}

    assert "Nothing was changed here" in text_of(client.get(back), 401)


def test_a_provider_that_is_down_is_no_fault_of_ours(provider: Provider) -> None:
    provider.fails_at = {"/.well-known/openid-configuration"}

    assert "Nothing was changed here" in text_of(Client().post(way_of(provider)), 502)


# The environment


GOOGLE = {"GOOGLE_CLIENT_ID": "g", "GOOGLE_CLIENT_SECRET": "gs"}
GITHUB = {"GITHUB_CLIENT_ID": "h", "GITHUB_CLIENT_SECRET": "hs"}
OIDC = {"OIDC_URL": "https://login.example.com/realms/Staff", "OIDC_CLIENT_ID": "o", "OIDC_CLIENT_SECRET": "os"}


def test_the_environment_names_providers() -> None:
    assert provider_settings(read({})) == {}
    assert provider_apps(read({})) == ["allauth.socialaccount.providers.openid_connect"]

    named = read({**GOOGLE, **GITHUB, **OIDC})

    assert [name.rpartition(".")[2] for name in provider_apps(named)] == ["openid_connect", "google", "github"]
    found = provider_settings(named)
    assert (found["google"]["APP"]["client_id"], found["google"]["APP"]["secret"]) == ("g", "gs")
    assert (found["github"]["APP"]["client_id"], found["github"]["APP"]["secret"]) == ("h", "hs")
    (app,) = found["openid_connect"]["APPS"]
    assert (app["provider_id"], app["name"]) == ("login.example.com-realms-staff", "Single sign-on")
    assert app["settings"]["server_url"] == OIDC["OIDC_URL"]
    for each in (found["google"]["APP"], found["github"]["APP"], app):
        assert each["settings"]["oauth_pkce_enabled"]


@pytest.mark.parametrize("group", [GOOGLE, GITHUB, OIDC])
def test_half_a_provider_stops_the_start(group: dict[str, str]) -> None:
    for missing in group:
        with pytest.raises(BadEnvironment, match=f"{missing} is missing"):
            read({name: value for name, value in group.items() if name != missing})


def test_production_asks_a_provider_in_private() -> None:
    with pytest.raises(BadEnvironment, match="OIDC_URL must start with https"):
        read({**PRODUCTION, **OIDC, "OIDC_URL": "http://login.example.com"})


def test_two_providers_never_share_a_name() -> None:
    urls = ["https://a.example.com", "https://a.example.com/x", "https://a.example.com:444", "https://b.example.com"]

    assert len({provider_id(url) for url in urls}) == len(urls)


# Signing up here


def test_signing_up_with_a_password_is_written_down_too() -> None:
    form = {"email": "carla@example.com", "password1": PASSWORD, "password2": PASSWORD}
    Client().post("/accounts/signup/", form)

    user = User.objects.get()
    entry = Entry.objects.about(user).get(action="identity.user.created")
    assert (entry.actor_id, entry.payload) == (str(user.pk), {})
    assert entry.at - timezone.now() < timedelta(minutes=1)
