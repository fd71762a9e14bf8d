"""One shape for every log line: JSON with the correlation id, or colours for people."""

from typing import Any

import structlog


def logging_settings(*, level: str, form: str) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING: lines of libraries come out like our own."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderers: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if form == "json"
        else [structlog.dev.ConsoleRenderer()]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
                "foreign_pre_chain": shared,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Our own line a request says more; a refused one is no warning.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": False},
            # Scanners send any Host; the answer is 400 and there is nothing to do about it.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # HEAD is answered like GET and the server leaves the body away: no news.
            "gunicorn.http.wsgi": {"level": "ERROR"},
            "axes": {"level": "WARNING"},
        },
    }
