#!/usr/bin/env bash
# Checks the tools that a build or a test run needs, before anything slow starts.
# Usage: xtask/prerequisites.sh [chromium]
# What may be installed here (Debian packages, as root) is installed; for the rest it prints the one command and exits 1.
set -euo pipefail
cd "$(dirname "$0")/.."

# True when version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

stop() {
  printf 'Antiphon: %s\nRun this, then try again:\n  %s\n' "$1" "$2" >&2
  exit 1
}

# Installs Debian packages when that is allowed, else names the command.
install() {
  local why=$1
  shift
  command -v apt-get >/dev/null || stop "$why" "install with your system's package manager: $*"
  [ "$(id -u)" = 0 ] || stop "$why" "sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
  echo "Antiphon: $why Installing $* …"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } ||
    stop "$why Installing it failed." "apt-get update && apt-get install -y --no-install-recommends $*"
}

node_least=20.19.0
rust_least=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml | head -n 1)
get_rust='curl --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . "$HOME/.cargo/env"'
get_node='curl -fsSL https://deb.nodesource.com/setup_22.x | sudo -E bash - && sudo apt-get install -y nodejs'

command -v node >/dev/null && command -v npm >/dev/null || stop "Node.js and npm are needed and were not found." "$get_node"
node_here=$(node --version | sed 's/^v//')
at_least "$node_here" "$node_least" || stop "Node.js $node_here is too old: $node_least is the least." "$get_node"

command -v cargo >/dev/null && command -v rustc >/dev/null || stop "Rust is needed and was not found." "$get_rust"
rust_here=$(rustc --version | awk '{print $2}')
at_least "${rust_here%%-*}" "$rust_least" || stop "Rust $rust_here is too old: $rust_least is the least." "rustup update stable"

# SQLite and the cryptography library are compiled from C.
command -v cc >/dev/null || install "A C compiler is needed." build-essential

if [ "${1:-}" = chromium ]; then
  # Rust's own packages on some systems come without these two.
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 ||
    stop "rustfmt and clippy are needed for the tests." "rustup component add rustfmt clippy"
  if [ -z "${ANTIPHON_CHROMIUM:-}" ]; then
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
      install "Chromium is needed for the browser tests." chromium
  fi
fi
