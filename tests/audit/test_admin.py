"""What people see of seals: the number at a line of the journal, the proof to take away, the home page, the figures."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit import proofs
from audit.models import Entry
from audit.queries.keys import public_half, signing_key
from identity.models import Program, User
from identity.states import Role
from tests.audit.sealing import seal_all, tamper, wait_until_sealable
from tests.factories import EntryFactory, MembershipFactory, SealFactory, UserFactory


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page_of(entry: Entry) -> str:
    return reverse("admin:audit_entry_change", args=[entry.pk])


def proof_of(entry: Entry) -> str:
    return reverse("admin:audit_entry_proof", args=[entry.pk])


@pytest.mark.django_db(transaction=True)
class TestProof:
    @pytest.fixture
    def entry(self, program: Program) -> Entry:
        entry: Entry = EntryFactory(program_id=program.pk)
        wait_until_sealable()
        return entry

    def test_is_offered_once_the_line_is_sealed(self, entry: Entry, alice: User) -> None:
        client = sign_in(alice)
        before = client.get(page_of(entry)).content.decode()
        early = client.get(proof_of(entry), follow=True)

        seal_all()

        assert "Not sealed yet" in before
        assert proof_of(entry) not in before
        assert early.redirect_chain[-1][0] == page_of(entry)
        assert "is not sealed yet" in early.content.decode()
        after = client.get(page_of(entry)).content.decode()
        assert "Under seal 1" in after
        assert proof_of(entry) in after
        assert reverse("admin:audit_seal_change", args=[1]) in after
        handed = client.get(proof_of(entry))
        assert handed["Content-Disposition"] == f'attachment; filename="proof-{entry.pk}.json"'
        proven = proofs.check_proof(handed.json(), public_key=public_half(signing_key()))
        assert (proven.seal, proven.row["id"]) == (1, str(entry.pk))

    def test_goes_to_those_who_read_the_line(
        self, entry: Entry, program: Program, alice: User, bob: User, charlie: User
    ) -> None:
        seal_all()
        owner = MembershipFactory(program=program, role=Role.OWNER).user
        elsewhere = MembershipFactory(program=charlie.memberships.get().program, role=Role.OWNER).user

        answers = [sign_in(user).get(proof_of(entry)).status_code for user in (alice, owner, elsewhere, bob, charlie)]
        stranger = Client().get(proof_of(entry), follow=True)

        assert answers == [200, 200, 404, 403, 403]
        assert stranger.redirect_chain[-1][0].startswith("/accounts/login/")
        own_page = sign_in(owner).get(page_of(entry)).content.decode()
        assert proof_of(entry) in own_page
        assert "/admin/audit/seal/" not in own_page  # a seal covers other programs too

    def test_is_not_made_of_a_line_that_was_changed(self, entry: Entry, alice: User) -> None:
        seal_all()
        tamper("audit_entry", "UPDATE audit_entry SET actor_id = 'mallory' WHERE id = %s", [entry.pk])

        answer = sign_in(alice).get(proof_of(entry), follow=True)

        assert "is not what was sealed" in answer.content.decode()

    def test_of_nothing_is_not_found(self, entry: Entry, alice: User) -> None:
        for key in ("abc", "0", "01a1f997-f6c3-73d6-9f18-a039aadcb6c4"):
            assert sign_in(alice).get(f"/admin/audit/entry/{key}/proof/").status_code == 404


@pytest.mark.django_db
def test_a_seal_s_page_shows_its_key_and_whether_it_is_ours(alice: User) -> None:
    key = public_half(signing_key())
    ours = SealFactory(public_key=key, key_id=proofs.key_id(key))
    other = SealFactory()
    client = sign_in(alice)

    own_page, other_page = (
        client.get(reverse("admin:audit_seal_change", args=[seal.pk])).content.decode() for seal in (ours, other)
    )

    assert key in own_page
    assert "which signs today" in own_page
    assert "not one of this house" in other_page


@pytest.mark.django_db
def test_the_home_page_says_how_old_the_last_seal_is(alice: User, program: Program) -> None:
    EntryFactory()
    owner = MembershipFactory(program=program, role=Role.OWNER, user=UserFactory()).user
    EntryFactory(program_id=program.pk)
    before = sign_in(alice).get(reverse("admin:index")).content.decode()
    seal = SealFactory(number=1234, sealed_at=timezone.now() - timedelta(minutes=7))

    page = sign_in(alice).get(reverse("admin:index")).content.decode()

    assert "nothing sealed yet" in before
    assert f'{reverse("admin:audit_seal_change", args=[seal.pk])}">Seal 1,234</a> made 7 min ago' in page
    assert "/admin/audit/seal/" in page  # the sidebar
    hidden = sign_in(owner).get(reverse("admin:index")).content.decode()
    assert "/admin/audit/seal/" not in hidden


@pytest.mark.django_db
def test_the_figures_are_there_for_prometheus(client: Client, settings: Any) -> None:
    nothing = client.get("/metrics").content.decode()
    SealFactory(sealed_at=timezone.now() - timedelta(seconds=100))
    EntryFactory(at=timezone.now() - timedelta(seconds=30))

    text = client.get("/metrics").content.decode()

    assert "countinghouse_seal_age_seconds 1" not in nothing
    assert 'countinghouse_unsealed_rows{source="journal"} 0.0' in nothing
    assert "countinghouse_seal_age_seconds 100" in text
    assert 'countinghouse_unsealed_rows{source="journal"} 1.0' in text
    assert 'countinghouse_unsealed_oldest_seconds{source="journal"} 30' in text
