#!/bin/sh
# What the tests on real services need: Java 17 or later, redis-server, mosquitto, kcat, Chromium, openssl, and Kafka's
# jars in .services/kafka.
# Installs what is missing where it may (apt, as root or with sudo); says what to install where it may not.
# Does nothing where all is there. A service named by TANKERWATCH_TEST_KAFKA or TANKERWATCH_TEST_REDIS needs none of it.
set -eu
cd "$(dirname "$0")/../.."
jars=.services/kafka
pom=tests/services/kafka/pom.xml

java_is_there() {
    java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    command -v "$java" >/dev/null || return 1
    # openjdk version "17.0.15" ...
    version=$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 17 ]
}

# Halves what each of twenty starts of Kafka takes; without it they are only slower.
archive_classes() {
    [ -f $jars/classes.jsa ] || .venv/bin/python -m tests.services.kafka || true
}

jars_are_there() { cmp -s $pom $jars/pom.xml; }

# By the names that tests/streams/feed/page/browser.py looks for.
chromium_is_there() {
    [ -n "${TANKERWATCH_TEST_CHROMIUM:-}" ] && return
    for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
        command -v $name >/dev/null && return
    done
    return 1
}

# The oldest Java that serves: newer Debian and Ubuntu no longer have 17, older ones have 11 as default.
java_package() {
    for package in openjdk-17-jre-headless openjdk-21-jre-headless; do
        [ -n "$(apt-cache search --names-only "^$package\$" 2>/dev/null)" ] && echo $package && return
    done
    echo default-jre-headless
}

missing() {
    if [ -z "${TANKERWATCH_TEST_KAFKA:-}" ]; then
        java_is_there || echo java
        jars_are_there || command -v mvn >/dev/null || echo maven
    fi
    [ -n "${TANKERWATCH_TEST_REDIS:-}" ] || command -v redis-server >/dev/null || echo redis-server
    # Debian keeps it where only root looks; each test starts its own
    command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || echo mosquitto
    command -v kcat >/dev/null || echo kcat
    chromium_is_there || echo chromium
    command -v openssl >/dev/null || echo openssl  # answers as an authority for time stamps
}

want=$(missing)
if [ -n "$want" ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    if command -v apt-get >/dev/null && { [ -z "$as_root" ] || command -v sudo >/dev/null; }; then
        echo "The tests on real services need: $(echo $want). Installing by apt ..." >&2
        log=$(mktemp)
        if $as_root apt-get update -q >"$log" 2>&1; then
            packages=$(for it in $want; do if [ $it = java ]; then java_package; else echo $it; fi; done)
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages \
                >>"$log" 2>&1 || tail -n 5 "$log" >&2
        else
            tail -n 5 "$log" >&2
        fi
        rm -f "$log"
    fi
    want=$(missing)
fi
if [ -n "$want" ]; then
    {
        echo "The tests on real services need what could not be installed here: $(echo $want)."
        echo "Install Java 17 or later, Maven, redis-server, mosquitto, kcat, Chromium and openssl"
        echo "(Debian, Ubuntu: openjdk-17-jre-headless maven redis-server mosquitto kcat chromium openssl)."
        echo "Or start Kafka and Redis elsewhere, for example by Docker, and name them:"
        echo "  TANKERWATCH_TEST_KAFKA=127.0.0.1:9092 TANKERWATCH_TEST_REDIS=redis://127.0.0.1:6379/0"
        echo "(Tests that kill and restart a service still start their own.)"
    } >&2
    exit 1
fi

if [ -z "${TANKERWATCH_TEST_KAFKA:-}" ] && ! jars_are_there; then
    echo "Fetching Kafka's jars ..." >&2
    mkdir -p .services
    new=$(mktemp -d .services/kafka.XXXXXX)
    trap 'rm -rf "$new"' EXIT
    mvn -B -q -f $pom dependency:copy-dependencies -DoutputDirectory="$PWD/$new" >"$new/log" 2>&1 || {
        tail -n 10 "$new/log" >&2
        echo "Maven could not fetch Kafka's jars (see above). With the network back, run tests/services/setup.sh again." >&2
        exit 1
    }
    rm -f "$new/log"
    cp $pom "$new/pom.xml" # last: marks the folder as whole
    chmod 755 "$new"
    rm -rf $jars
    mv "$new" $jars
fi
[ -n "${TANKERWATCH_TEST_KAFKA:-}" ] || archive_classes
