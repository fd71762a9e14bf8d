"""Calls leave the house by one way: to public hosts, encrypted, within time and size, never to where only we can go."""

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from audit.context import acting_as
from audit.egress import CallFailed, Egress, Limits, NoAnswer, Reply, TooSlow, call, is_private, is_public
from audit.egress.targets import read_target
from audit.errors import (
    AnswerTooLarge,
    CredentialsInUrl,
    DomainError,
    HeaderUnusable,
    HostNotAllowed,
    NotEncrypted,
    NotPublic,
    TooManyRedirects,
    UrlUnusable,
)

PUBLIC = "93.184.215.14"
NAME = "pay.example"


class Far:
    """A server on this machine, and what it was asked."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, Callable[[Any], None]] = {}
        far = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                far.asked.append((self.command, self.path, headers, body))
                far.answers.get(self.path.partition("?")[0], plain)(self)

            do_GET = do_POST = do_HEAD = answer  # noqa: N815  (the library's names)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]  # we hang up on it
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    def egress(self, **own: Any) -> Egress:
        """Return a way out that may call it."""
        return Egress(**{"private_hosts": frozenset({f"127.0.0.1:{self.port}"}), **own})


def plain(far: BaseHTTPRequestHandler, body: bytes = b'{"ok": true}', status: int = 200, **headers: str) -> None:
    far.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        far.send_header(name.replace("_", "-"), value)
    far.end_headers()
    if far.command != "HEAD":
        far.wfile.write(body)


def sending_on(to: str, status: int = 302) -> Callable[[Any], None]:
    return lambda far: plain(far, b"", status, Location=to)


@pytest.fixture
def far() -> Iterator[Far]:
    made = Far()
    yield made
    made.server.shutdown()
    made.server.server_close()


def get(url: str, egress: Egress | None = None, **limits: Any) -> Reply:
    return (egress or Egress()).call("GET", url, purpose="test", limits=Limits(**{"seconds": 5, **limits}))


def answering(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda _host, _port: addresses


# Where


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", PUBLIC, "100.63.255.255", "100.128.0.0", "172.32.0.1", "2606:4700::1", "2001:4860::8888",
     "::ffff:8.8.8.8", "64:ff9b::808:808"],
)  # fmt: skip
def test_public_addresses(address: str) -> None:
    assert is_public(address)
    assert not is_private(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
     "100.127.255.255", "::1", "fc00::1", "fd12::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_private_addresses_may_be_opened_by_configuration(address: str) -> None:
    assert not is_public(address)
    assert is_private(address)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
     "fe80::1", "ff02::1", "fe80::1%eth0", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "64:ff9b::a9fe:a9fe", "", "x"],
)  # fmt: skip
def test_addresses_that_nothing_opens(address: str) -> None:
    assert not is_public(address)
    assert not is_private(address)


@pytest.mark.parametrize(
    "address",
    ["192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "2001:db8::1", "3fff::1",
     "2002:7f00:1::", "2002:808:808::1", "2001::1", "::7f00:1", "fec0::1", "5f00::1", "64:ff9b:1::1", "100::1"],
)  # fmt: skip
def test_addresses_of_special_purposes_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[::1]",
                                  "[::ffff:127.0.0.1]", "0", "0.0.0.0", "localhost."])  # fmt: skip
def test_every_spelling_of_this_machine_is_refused(host: str, far: Far) -> None:
    with pytest.raises((NotPublic, UrlUnusable, NoAnswer)) as refused:
        get(f"https://{host}:{far.port}/")

    assert isinstance(refused.value, DomainError) or "no such host" in str(refused.value)
    assert far.asked == []


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(NotPublic, match=r"pay\.example is not on the public internet"):
        get("https://pay.example/", Egress(resolve=answering(PUBLIC, "10.0.0.1")))


def test_the_checked_address_is_the_one_that_is_called(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_names, called = [], []
    real = socket.create_connection

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked_names.append(host)
        return [PUBLIC] if len(asked_names) == 1 else ["127.0.0.1"]  # as one who rebinds

    def to_the_far_server(address: tuple[str, int], **how: Any) -> socket.socket:
        called.append(address)
        return real(("127.0.0.1", far.port), **how)

    monkeypatch.setattr(socket, "create_connection", to_the_far_server)
    egress = Egress(private_hosts=frozenset({NAME}), resolve=resolve)
    reply = get(f"http://{NAME}/x", egress)

    assert reply.status == 200
    assert (asked_names, called) == ([NAME], [(PUBLIC, 80)])
    assert far.asked[0][2]["host"] == NAME


def test_the_next_address_is_tried_when_one_does_not_answer(far: Far) -> None:
    egress = Egress(private_hosts=frozenset({NAME}), resolve=answering("::1", "127.0.0.1"))

    assert get(far.url(host=NAME), egress).status == 200


# Which addresses people write


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("http://pay.example/", NotEncrypted),
        ("https://user:secret@pay.example/", CredentialsInUrl),
        ("https://user@pay.example/", CredentialsInUrl),
        ("https://pay.example@127.0.0.1/", CredentialsInUrl),
        ("ftp://pay.example/", UrlUnusable),
        ("file:///etc/passwd", UrlUnusable),
        ("gopher://127.0.0.1:25/x", UrlUnusable),
        ("//pay.example/", UrlUnusable),
        ("pay.example", UrlUnusable),
        ("", UrlUnusable),
        ("https://", UrlUnusable),
        ("https:///path", UrlUnusable),
        ("https://pay.example:0/", UrlUnusable),
        ("https://pay.example:99999/", UrlUnusable),
        ("https://pay.example:abc/", UrlUnusable),
        ("https://[fe80::1%25eth0]/", UrlUnusable),
        ("https://[::1/", UrlUnusable),
        ("https://pay.example\\@127.0.0.1/", UrlUnusable),
        ("https://pay.example/\r\nX-Injected: 1", UrlUnusable),
        ("https://pay .example/", UrlUnusable),
        ("https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example/", UrlUnusable),
        ("https://pay\N{FULLWIDTH FULL STOP}example/", UrlUnusable),
        ("https://pay.example/" + "x" * 5_000, UrlUnusable),
        ("https://" + "x" * 300 + ".example/", UrlUnusable),
        ("https://-pay.example/", UrlUnusable),
    ],
)
def test_an_address_that_may_not_be_called(url: str, refusal: type[DomainError]) -> None:
    def nobody(_host: str, _port: int) -> Sequence[str]:
        raise AssertionError("nothing is resolved for this")

    with pytest.raises(refusal) as refused:
        get(url, Egress(resolve=nobody))

    assert "secret" not in str(refused.value)


def test_what_is_sent_is_what_was_meant() -> None:
    target = read_target("HTTPS://Pay.Example/a b".replace(" ", "%20") + "/\N{SNOWMAN}?q=\N{SNOWMAN}&r=%2F#fragment")

    assert (target.scheme, target.host, target.port) == ("https", "pay.example", 443)
    assert target.path == "/a%20b/%E2%98%83?q=%E2%98%83&r=%2F"
    assert read_target("https://[2606:4700::1]:8443").host_header == "[2606:4700::1]:8443"


def test_only_the_hosts_of_a_rail(far: Far) -> None:
    allowed = frozenset({"rail.example", f"127.0.0.1:{far.port}"})

    assert get(far.url(), far.egress(), hosts=allowed).status == 200
    for url in ("https://rail.example.evil.example/", "https://evil.example/"):
        with pytest.raises(HostNotAllowed):
            get(url, far.egress(), hosts=allowed)


def test_a_private_host_is_opened_by_its_name_and_port_alone(far: Far) -> None:
    with pytest.raises(NotEncrypted):
        get(far.url(), Egress(private_hosts=frozenset({f"127.0.0.1:{far.port + 1}"})))
    with pytest.raises(NotPublic):
        get("http://simulator/", Egress(private_hosts=frozenset({"simulator"}), resolve=answering("169.254.169.254")))

    assert get(far.url(), Egress(private_hosts=frozenset({"127.0.0.1"}))).status == 200
    assert len(far.asked) == 1


# What is sent


def test_the_correlation_id_goes_along_and_secrets_stay_out_of_the_log(far: Far) -> None:
    with structlog.testing.capture_logs() as lines, acting_as("test", "pytest") as context:
        far.egress().call(
            "POST", far.url("/bot123:secret/send?token=secret"), purpose="notifications.telegram",
            headers={"Authorization": "Bearer secret"}, body=b"secret",
        )  # fmt: skip

    [(method, path, headers, body)] = far.asked
    assert (method, path, body) == ("POST", "/bot123:secret/send?token=secret", b"secret")
    assert headers["x-correlation-id"] == context.correlation_id
    assert (headers["authorization"], headers["user-agent"]) == ("Bearer secret", "Countinghouse")
    [line] = lines
    assert (line["event"], line["purpose"], line["outcome"], line["status"], line["host"]) == (
        "egress.call", "notifications.telegram", "answered", 200, "127.0.0.1"
    )  # fmt: skip
    assert "secret" not in json.dumps(line)


def test_a_refusal_and_a_failure_are_logged() -> None:
    with structlog.testing.capture_logs() as lines:
        with pytest.raises(NotPublic):
            get("https://localhost/", Egress(resolve=answering("127.0.0.1")))
        with pytest.raises(NoAnswer):
            get("https://nowhere.example/", Egress(resolve=answering()))

    assert [(line["outcome"], line.get("code")) for line in lines] == [
        ("refused", "host_not_public"), ("no_answer", None),
    ]  # fmt: skip


@pytest.mark.parametrize("headers", [{"X-A": "1\r\nX-B: 2"}, {"X-A\r\nX-B": "1"}, {"X-A": "1\n"}, {"": "1"}])
def test_a_header_of_two_lines_is_refused(headers: dict[str, str], far: Far) -> None:
    with pytest.raises(HeaderUnusable):
        far.egress().call("GET", far.url(), purpose="test", headers=headers)

    assert far.asked == []


def test_no_proxy_comes_from_the_environment(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert get(far.url(), far.egress()).json() == {"ok": True}


def test_the_house_calls_as_it_is_configured(far: Far, settings: Any) -> None:
    settings.EGRESS_PRIVATE_HOSTS = frozenset()
    with pytest.raises(NotEncrypted):
        call("GET", far.url(), purpose="test")

    settings.EGRESS_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    assert call("GET", far.url(), purpose="test").is_success


# What comes back


@pytest.mark.parametrize("status", [200, 404, 500, 204])
def test_a_status_is_the_caller_s_to_judge(status: int, far: Far) -> None:
    far.answers["/"] = lambda it: plain(it, b"", status)

    assert get(far.url(), far.egress()).status == status


def test_an_answer_that_is_too_large_is_not_read(far: Far) -> None:
    far.answers["/announced"] = lambda it: plain(it, b"x" * 1001)
    far.answers["/unannounced"] = lambda it: it.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001)
    far.answers["/fits"] = lambda it: plain(it, b"x" * 1000)

    for path in ("/announced", "/unannounced"):
        with pytest.raises(AnswerTooLarge):
            get(far.url(path), far.egress(), body_bytes=1000)
    assert len(get(far.url("/fits"), far.egress(), body_bytes=1000).body) == 1000


def test_an_answer_is_measured_unpacked(far: Far) -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=1)
    far.answers["/bomb"] = lambda it: plain(it, bomb, Content_Encoding="gzip")
    far.answers["/fits"] = lambda it: plain(it, gzip.compress(b"text"), Content_Encoding="gzip")
    began = time.monotonic()

    with pytest.raises(AnswerTooLarge):
        get(far.url("/bomb"), far.egress())

    assert time.monotonic() - began < 2
    assert get(far.url("/fits"), far.egress()).body == b"text"


def drip(far: BaseHTTPRequestHandler, first: bytes, piece: bytes) -> None:
    far.wfile.write(first)
    for _ in range(400):
        time.sleep(0.05)
        far.wfile.write(piece)


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),  # ends when the connection does, so being cut looks like an end
        (b"HTTP/1.1 200 OK\r\n", b"X-Slow: x\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Endless: ", b"x"),
        (b"", b""),
    ],
)
def test_a_server_that_drips_gets_no_more_than_its_time(first: bytes, piece: bytes, far: Far) -> None:
    far.answers["/"] = lambda it: drip(it, first, piece)
    began = time.monotonic()

    with pytest.raises(TooSlow):
        get(far.url(), far.egress(), seconds=1)

    assert 0.9 < time.monotonic() - began < 2


def test_a_name_server_that_does_not_answer_gets_no_more_either() -> None:
    def asleep(_host: str, _port: int) -> Sequence[str]:
        time.sleep(3)
        return [PUBLIC]

    began = time.monotonic()
    with pytest.raises(TooSlow):
        get("https://pay.example/", Egress(resolve=asleep), seconds=1)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"hello\r\n\r\n",
                                    b"HTTP/1.1 abc\r\n\r\n"])  # fmt: skip
def test_an_answer_that_breaks_off_or_is_none(answer: bytes, far: Far) -> None:
    far.answers["/"] = lambda it: it.wfile.write(answer)

    with pytest.raises(NoAnswer):
        get(far.url(), far.egress())


def test_nobody_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(CallFailed):
        get(f"http://127.0.0.1:{port}/", Egress(private_hosts=frozenset({"127.0.0.1"})))


# Redirects


def test_a_redirect_is_not_followed_unless_that_is_wanted(far: Far) -> None:
    far.answers["/"] = sending_on("/there")

    assert get(far.url(), far.egress()).status == 302
    assert get(far.url(), far.egress(), redirects=1).url == far.url("/there")
    assert far.egress().call("POST", far.url(), purpose="test", limits=Limits(redirects=1)).status == 302


def test_redirects_are_counted(far: Far) -> None:
    far.answers["/"] = sending_on("/")

    with pytest.raises(TooManyRedirects):
        get(far.url(), far.egress(), redirects=3)

    assert len(far.asked) == 4


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        ("http://127.0.0.1:1/", NotEncrypted),
        ("https://127.0.0.1:1/", NotPublic),
        ("https://169.254.169.254/latest/meta-data/", NotPublic),
        ("https://user:secret@pay.example/", CredentialsInUrl),
        ("file:///etc/passwd", UrlUnusable),
        ("//[::1]/", NotEncrypted),
        ("https://[", UrlUnusable),
    ],
)
def test_a_redirect_is_checked_like_a_call(to: str, refusal: type[DomainError], far: Far) -> None:
    far.answers["/"] = sending_on(to)

    with pytest.raises(refusal):
        get(far.url(), far.egress(), redirects=5)


def test_what_configuration_opens_is_not_open_to_redirects(far: Far) -> None:
    inner = Far()
    far.answers["/"] = sending_on(inner.url())
    egress = Egress(private_hosts=frozenset({f"127.0.0.1:{far.port}", f"127.0.0.1:{inner.port}"}))

    with pytest.raises(NotEncrypted):
        get(far.url(), egress, redirects=1)

    assert inner.asked == []
    inner.server.shutdown()
    inner.server.server_close()


# Certificates


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for NAME, and a caller's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path: Path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


def test_the_certificate_is_checked_for_the_name(certified: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    names: list[str | None] = []
    certified[0].sni_callback = lambda _socket, name, _context: names.append(name)
    far = Far(tls=certified[0])
    egress = Egress(private_hosts=frozenset({NAME, "evil.example"}), resolve=answering("127.0.0.1"), tls=certified[1])

    assert get(far.url(host=NAME, scheme="https"), egress).status == 200
    assert names == [NAME]
    with pytest.raises(NoAnswer, match=r"SSL|Certificate"):
        get(far.url(host="evil.example", scheme="https"), egress)
    with pytest.raises(NoAnswer, match=r"SSL|Certificate"):
        get(far.url(host=NAME, scheme="https"), Egress(private_hosts=frozenset({NAME}), resolve=answering("127.0.0.1")))
    assert len(far.asked) == 1
    far.server.shutdown()
    far.server.server_close()


def test_another_host_is_not_told_what_the_first_one_was(
    far: Far, certified: tuple[ssl.SSLContext, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = Far(tls=certified[0])
    real = socket.create_connection

    def create(address: tuple[str, int], **how: Any) -> socket.socket:
        return real(("127.0.0.1", stranger.port) if address[0] == PUBLIC else address, **how)

    monkeypatch.setattr(socket, "create_connection", create)
    far.answers["/"] = sending_on(f"https://{NAME}/there")
    egress = far.egress(resolve=lambda host, _: [PUBLIC] if host == NAME else [host], tls=certified[1])
    secrets = {"Authorization": "Bearer secret", "Cookie": "secret", "X-Api-Key": "secret", "Accept": "text/plain"}

    egress.call("GET", far.url(), purpose="test", headers=secrets, limits=Limits(redirects=1))

    [(_, path, told, _)] = stranger.asked
    assert path == "/there"
    assert told["accept"] == "text/plain"
    assert "secret" not in json.dumps(told)
    assert far.asked[0][2]["cookie"] == "secret"
    stranger.server.shutdown()
    stranger.server.server_close()


def test_a_handshake_that_never_ends_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        egress = Egress(private_hosts=frozenset({NAME}), resolve=answering("127.0.0.1"))
        with pytest.raises(TooSlow):
            get(f"https://{NAME}:{deaf.getsockname()[1]}/", egress, seconds=1)
