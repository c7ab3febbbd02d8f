# The service as one image: `serve` is all of it, `web` and `worker` its parts (give a worker --no-healthcheck).
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app HOST=0.0.0.0 PORT=8000
WORKDIR /app

COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt \
    && useradd --system --uid 10001 --home-dir /app --no-create-home chumnuoy \
    && install -d -o chumnuoy var \
    && printf '%s\n' '#!/usr/local/bin/python -P' 'import sys' 'from bot.cli import app' 'sys.exit(app())' \
        > /usr/local/bin/chumnuoy \
    && chmod +x /usr/local/bin/chumnuoy

COPY bot bot
COPY handlers handlers
COPY storage storage
COPY locales locales
RUN python -m compileall -q bot handlers storage locales

USER chumnuoy
VOLUME /app/var
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["chumnuoy", "serve"]
