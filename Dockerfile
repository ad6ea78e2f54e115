# syntax=docker/dockerfile:1
# Three steps: the pages (Node), the binary (Go), and an image that holds nothing but the
# binary, the certificates of the public authorities and an empty data folder.

FROM node:22-bookworm-slim AS pages
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=pages /src/web/dist ./web/dist
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/diemcau ./cmd/diemcau \
 && mkdir -m 0700 /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/diemcau /diemcau
COPY --from=build --chown=65532:65532 /out/data /data
ENV DIEMCAU_DATA=/data
VOLUME /data
USER 65532:65532
EXPOSE 80/tcp 443/tcp 7882/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["/diemcau", "healthcheck"]
ENTRYPOINT ["/diemcau"]
CMD ["serve", "--listen=:80", "--tls-listen=:443", "--media-port=7882"]
