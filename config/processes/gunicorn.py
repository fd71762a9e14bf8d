"""The web server's settings: threads in a few processes, nothing loaded before the fork."""

from config.environment import load

_environment = load()

bind = f"{_environment['BIND']}:{_environment['PORT']}"
workers = _environment["WEB_PROCESSES"]
worker_class = "gthread"
threads = _environment["WEB_THREADS"]
preload_app = False  # a database pool opened before the fork would be shared by the processes
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
# Which proxies are believed is decided once, in TrustedProxyMiddleware.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
control_socket_disable = True
accesslog = None  # our own line a request says more
loglevel = "warning"
