# Two stages: packages are built where compilers are, and run where they are not.
FROM python:3.11.14-slim-bookworm AS packages
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app countinghouse
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY --chown=countinghouse . .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 ENVIRONMENT=production BIND=0.0.0.0 PORT=8000 VAR_DIR=/tmp/countinghouse
# Gathering static files reads the settings, and the settings want their secrets: random ones, gone with this line.
RUN KEY=$(python -c "import secrets; print(secrets.token_urlsafe(48))") \
    && SEED=$(python -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())") \
    && AUDIT_SIGNING_KEY=$SEED SETTINGS_KEY=$SEED SECRET_KEY=$KEY ADMIN_KEY=$KEY JWT_SECRET=$KEY ALLOWED_HOSTS=build PUBLIC_URL=https://build \
    DATABASE_URL=postgres://build@build/build EMAIL_URL=dummymail:// \
    python manage.py collectstatic --no-input
RUN mkdir /anchors && chown countinghouse /anchors
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "config.wsgi", "-c", "config/processes/gunicorn.py"]
