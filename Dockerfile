# One image for all processes: api, worker, issuer, codec, migrate. The command says which (docs/deployment.md).
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /srv
COPY package.json package-lock.json ./
COPY deploy/install-packages.mjs deploy/

FROM base AS packages
RUN ["node", "deploy/install-packages.mjs", "--omit=dev"]

# Everything, compiled once; the workflow bundle is made here, because a worker in production makes none.
FROM base AS build
RUN ["node", "deploy/install-packages.mjs"]
COPY . .
RUN ["node", "bin/build.mjs"]

FROM node:24.21.0-bookworm-slim
WORKDIR /srv
# --disable-sigusr1: no signal opens the inspector, through which keys could be read.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    NODE_OPTIONS=--disable-sigusr1 \
    CS_WORKFLOW_BUNDLE=/srv/dist/workflow-bundle.js \
    HEALTH_URL=http://127.0.0.1:9100/healthz
COPY --from=packages /srv/node_modules node_modules
COPY --from=build /srv/dist dist
COPY package.json ./
COPY bin/cs.mjs bin/setup.mjs bin/
COPY deploy deploy
# Files belong to root and are never written: the root filesystem may be read-only.
USER 1000:1000
EXPOSE 8443 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["--help"]
