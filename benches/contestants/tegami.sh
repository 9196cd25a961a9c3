# Tegami in the mail server bench. TEGAMI = the binary (as `cargo xtask bench mta` sets it).
# start returns at once with the server listening soon on 127.0.0.1:$BENCH_LISTEN and relaying everything to
# 127.0.0.1:$BENCH_SINK; stop ends it. All state lies under $BENCH_DIR.
set -eu
: "${TEGAMI:?set TEGAMI to the binary under test}"
case $1 in
start)
  domain=
  if [ "$BENCH_MODE" = dkim ]; then
    install -m 600 "$BENCH_DKIM_KEY" "$BENCH_DIR/dkim.pem"
    domain="[domains.\"$BENCH_DKIM_DOMAIN\"]
dkim_selector = \"$BENCH_DKIM_SELECTOR\"
dkim_key = \"dkim.pem\""
  fi
  paused=false; [ "$BENCH_MODE" = accept ] && paused=true
  cat > "$BENCH_DIR/tegami.toml" <<END
hostname = "mx.bench.test"
data = "data"
$domain
[listen]
smtp = false
submission = "127.0.0.1:$BENCH_LISTEN"
submissions = false
http = false
[submission]
trusted = ["127.0.0.0/8"]
[delivery]
paused = $paused
sources = ["127.0.0.1"]
[delivery.smarthost]
host = "127.0.0.1"
port = $BENCH_SINK
tls = "off"
END
  RUST_LOG=${TEGAMI_LOG:-warn} ${TEGAMI_UNDER:-} "$TEGAMI" --config "$BENCH_DIR/tegami.toml" serve \
    > "$BENCH_DIR/tegami.log" 2>&1 & echo $! > "$BENCH_DIR/tegami.pid" ;;
stop)
  [ -e "$BENCH_DIR/tegami.pid" ] && kill "$(cat "$BENCH_DIR/tegami.pid")" || true ;;
esac
