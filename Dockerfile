# The agent's image. `make image` builds it for amd64 and arm64; docs/install.md says more.
#
# Pin the base for good by its digest: --build-arg BASE_DIGEST=@sha256:...
ARG BASE=docker.io/library/python
ARG BASE_TAG=3.11-slim-bookworm
ARG BASE_DIGEST=

# What is installed, from the hashed locks alone, into an environment that holds no pip.
FROM ${BASE}:${BASE_TAG}${BASE_DIGEST} AS build
WORKDIR /src
COPY requirements requirements
RUN python -m venv /build \
    && /build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: \
        -r requirements/build.txt
RUN python -m venv --without-pip /opt/fleet-reconciler \
    && /build/bin/pip --python /opt/fleet-reconciler/bin/python install \
        --no-cache-dir --require-hashes --only-binary :all: -r requirements/runtime.txt
COPY . .
RUN /build/bin/pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /build/wheel . \
    && /build/bin/pip --python /opt/fleet-reconciler/bin/python install \
        --no-cache-dir --no-deps --no-index /build/wheel/fleet_reconciler-*.whl \
    && /opt/fleet-reconciler/bin/reconciler version

# The root file system: the base with the programs that the agent calls, and without those that
# could install more. /var/lib/dpkg/status stays, as scanners read there what is installed.
FROM ${BASE}:${BASE_TAG}${BASE_DIGEST} AS root
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates git gnupg openssh-client \
    && rm -rf /var/lib/apt /var/cache/apt /var/cache/debconf /var/log/apt /var/log/dpkg.log \
        /etc/apt /usr/bin/apt /usr/bin/apt-* /usr/lib/apt \
    && find /var/lib/dpkg -mindepth 1 -maxdepth 1 ! -name status -exec rm -rf {} + \
    && rm -rf /etc/dpkg /usr/bin/dpkg /usr/bin/dpkg-* /usr/sbin/dpkg-* /usr/lib/dpkg \
        /usr/share/dpkg \
    && rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip \
        /usr/local/lib/python3*/site-packages/* \
    && rm -rf /usr/share/doc /usr/share/man /usr/share/info /tmp/* /root/.cache \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && echo 'fleet-reconciler:x:65532:65532::/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'fleet-reconciler:x:65532:' >> /etc/group \
    && install -d -m 0700 -o 65532 -g 65532 /var/lib/fleet-reconciler

# One layer of each, so that what was removed lies in no layer below.
FROM scratch
COPY --from=root / /
COPY --from=build /opt/fleet-reconciler /opt/fleet-reconciler

ARG BASE
ARG BASE_TAG
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="fleet-reconciler" \
    org.opencontainers.image.description="Event-driven GitOps agent for one site of a fleet" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.base.name="${BASE}:${BASE_TAG}"

# No bytecode is written, as the root file system may be read-only; all of it is there already.
ENV PATH=/opt/fleet-reconciler/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    RECONCILER_METRICS_ADDRESS=:8080
USER 65532:65532
WORKDIR /
EXPOSE 8080
# For whoever runs it without Kubernetes, which has probes of its own.
HEALTHCHECK --interval=20s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import http.client, os, sys; port = os.environ['RECONCILER_METRICS_ADDRESS'].rpartition(':')[2]; link = http.client.HTTPConnection('127.0.0.1', int(port), timeout=4); link.request('GET', '/healthz'); sys.exit(link.getresponse().status != 200)"]
ENTRYPOINT ["reconciler"]
CMD ["run"]
