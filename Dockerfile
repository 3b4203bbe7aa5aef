# Freehold in a small image: docker build -t freehold .
#
# The first stage has what building needs, the second only what runs: no pip, no compiler, no shell scripts of ours.
# compose.yaml runs it behind a proxy that speaks TLS; docs/operators.md says more.

FROM debian:12-slim AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
WORKDIR /source
COPY requirements/build.txt requirements/run.txt requirements/
# The environment that is kept gets the libraries of the lock, each held against its hash, and no pip.
RUN python3 -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt \
    && python3 -m venv --without-pip /opt/freehold \
    && /build/bin/pip --python /opt/freehold/bin/python install --no-cache-dir --require-hashes --only-binary :all: \
        -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY vocab vocab
COPY pod pod
RUN /build/bin/python -m hatchling build -t wheel -d /wheel \
    && /build/bin/pip --python /opt/freehold/bin/python install --no-deps --no-index /wheel/*.whl

FROM debian:12-slim
LABEL org.opencontainers.image.title="Freehold" \
      org.opencontainers.image.description="Your own Solid pod: a personal data store" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && groupadd --gid 10001 freehold \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin freehold \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/freehold /opt/freehold
ENV PATH=/opt/freehold/bin:/usr/local/bin:/usr/bin:/bin \
    FREEHOLD_DATA=/data \
    FREEHOLD_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
# The second is for notifications.
EXPOSE 3000 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=8s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as To; to = To('127.0.0.1', 3000, timeout=5); to.request('GET', '/.health'); raise SystemExit(to.getresponse().status != 200)"]
ENTRYPOINT ["freehold"]
CMD ["serve"]
