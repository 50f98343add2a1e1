#!/bin/sh
# One part of the dashboard's tests. usage: run.sh BUILD unit|types|views|reach|real|bench
set -eu
build=$1
part=$2
node=${NODE:-node}
cd "$(dirname "$0")/../../web"
"$node" packages.mjs ${part:+$([ "$part" = unit ] || echo --tests)}
case $part in
  unit) "$node" build.mjs --tests "$build/web/unit" && exec "$node" --test "$build"/web/unit/*.test.mjs ;;
  types) exec node_modules/.bin/tsc -p . ;;
esac
# The browser's driver is looked for from where a file stands.
"$node" build.mjs --tests .out
PAGE="$build/web/page" GANG="$build/gang" exec "$node" .out/"$part".mjs
