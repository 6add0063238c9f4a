# A stand-in for public.ecr.aws/lambda/provided:al2023: its entry point is the same program at the same place.
ARG DEBIAN_IMAGE=debian:bookworm
FROM ${DEBIAN_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
USER 65534:65534
ENTRYPOINT ["/var/runtime/bootstrap"]
