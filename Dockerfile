# archwalk for CPU roles: learner, actor, evaluator and the `archwalk` command, one image for all.
# Build: docker build -t archwalk .   What is downloaded is pinned by package-lock.json and by the hashes in scripts/setup/.

FROM node:20-bookworm-slim AS builder
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ make python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/archwalk
# REDIS_URL keeps set-up from fetching a Redis server: the image has none.
ENV ARCHWALK_ENGINE=cpu REDIS_URL=redis://none

# The downloads are a layer of their own: they are made again only when what pins them changes.
COPY package.json package-lock.json ./
COPY scripts/setup.sh scripts/setup.sh
COPY scripts/setup/ scripts/setup/
RUN mkdir -p .deps && node --input-type=module -e "\
  import { requireSupportedMachine } from '/opt/archwalk/scripts/setup/machine.mjs'; \
  import { installNodeModules } from '/opt/archwalk/scripts/setup/nodeModules.mjs'; \
  import { installTensorflow } from '/opt/archwalk/scripts/setup/tensorflow.mjs'; \
  await Promise.all([installNodeModules(), installTensorflow({ engine: 'cpu', arch: requireSupportedMachine(), reason: 'image' })]);"

COPY tsconfig.json tsconfig.build.json ./
COPY scripts/ scripts/
COPY shared/ shared/
COPY services/ services/
# The composed route is a fallback for laptops; an image without the compiled engine is a broken image.
RUN scripts/setup.sh && test -f .deps/engine/archwalk_graph.node && test -f .deps/engine/archwalk_ops.so

# What runs, and nothing else: no sources, headers, type declarations, source maps or development packages.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
 && rm -rf .deps/tensorflow/tensorflow/include .deps/stamps .deps/setup.lock dist/scripts dist/.tsbuildinfo \
 && find dist node_modules \( -name '*.map' -o -name '*.d.ts' \) -type f -delete \
 && mkdir -p /out/shared/benchmarks/nasbench301 /out/shared/redis \
 && mv .deps dist node_modules package.json /out/ \
 && cp -r shared/redis/lua /out/shared/redis/ \
 && cp shared/benchmarks/nasbench301/kernel.wasm shared/benchmarks/nasbench301/surrogate.msgpack /out/shared/benchmarks/nasbench301/ \
 && cp -r shared/benchmarks/nasbench301/convert /out/shared/benchmarks/nasbench301/ \
 && chmod -R a+rX,go-w /out


FROM node:20-bookworm-slim
LABEL org.opencontainers.image.title="archwalk" \
      org.opencontainers.image.description="Agents that walk neural-architecture search spaces: learner, actor, evaluator, command line" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o 1000 -g 1000 /runs /secrets /redis
COPY --from=builder /out/ /opt/archwalk/
COPY LICENSE NOTICE /opt/archwalk/
COPY docker/entrypoint.sh /usr/local/bin/archwalk-entrypoint
COPY docker/password.mjs docker/ready.mjs /opt/archwalk/docker/
RUN chmod 0755 /usr/local/bin/archwalk-entrypoint \
 && chmod 0755 /opt/archwalk/dist/services/cli/main.js \
 && ln -s /opt/archwalk/dist/services/cli/main.js /usr/local/bin/archwalk
WORKDIR /opt/archwalk
ENV NODE_ENV=production ARCHWALK_RUNS=/runs ARCHWALK_DATA=/runs/.data
USER 1000:1000
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "archwalk-entrypoint"]
CMD ["archwalk", "--help"]
