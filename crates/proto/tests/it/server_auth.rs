//! AUTH: when it is offered, and how its exchanges end.

use expect_test::expect;
use tegami_proto::smtp::server::{AuthOffer, Settings};

use crate::server::{check, check_with, settings};

fn offer(auth: AuthOffer) -> Settings {
    Settings { auth, auth_required: true, ..settings() }
}

#[test]
fn auth_waits_for_tls() {
    check_with(
        offer(AuthOffer::UnderTls),
        &[
            "EHLO c",
            "AUTH PLAIN AGEAc2VjcmV0",
            "MAIL FROM:<>",
            "STARTTLS",
            "EHLO c",
            "AUTH PLAIN AGEAc2VjcmV0",
            "EHLO c",
        ],
        &expect![[r#"
            ? connect
            S: 220 mx.example.org ESMTP Tegami
            --
            C: EHLO c
            ? hello c
            S: 250-mx.example.org
            S: 250-…
            S: 250 STARTTLS
            --
            C: AUTH PLAIN AGEAc2VjcmV0
            S: 538 5.7.11 AUTH needs TLS: send STARTTLS first
            --
            C: MAIL FROM:<>
            S: 530 5.7.0 authentication required
            --
            C: STARTTLS
            S: 220 2.0.0 ready for the handshake
            --
            * handshake
            C: EHLO c
            ? hello c
            S: 250-mx.example.org
            S: 250-…
            S: 250-AUTH PLAIN LOGIN
            S: 250 REQUIRETLS
            --
            C: AUTH PLAIN AGEAc2VjcmV0
            ? authenticate a
            S: 235 2.7.0 authenticated
            --
            C: EHLO c
            ? hello c
            S: 250-mx.example.org
            S: 250-…
            S: 250 REQUIRETLS
            --
        "#]],
    );
}

#[test]
fn exchanges() {
    check_with(
        Settings { starttls: false, ..offer(AuthOffer::Always) },
        &[
            "AUTH PLAIN",
            "EHLO c",
            "AUTH CRAM-MD5",
            "AUTH PLAIN",
            "*",
            "AUTH PLAIN",
            "no base64",
            "AUTH PLAIN =",
            "AUTH LOGIN",
            "YQ==",
            "d3Jvbmc=",
            "AUTH LOGIN YQ==",
            "c2VjcmV0",
            "AUTH LOGIN",
            "MAIL FROM:<a@example.net> AUTH=<>",
        ],
        &expect![[r#"
            ? connect
            S: 220 mx.example.org ESMTP Tegami
            --
            C: AUTH PLAIN
            S: 503 5.5.1 EHLO comes first
            --
            C: EHLO c
            ? hello c
            S: 250-mx.example.org
            S: 250-…
            S: 250 AUTH PLAIN LOGIN
            --
            C: AUTH CRAM-MD5
            S: 504 5.5.4 the mechanism is not offered
            --
            C: AUTH PLAIN
            S: 334 
            --
            C: *
            S: 501 5.7.0 the exchange is cancelled
            --
            C: AUTH PLAIN
            S: 334 
            --
            C: no base64
            S: 501 5.5.2 the response is not well formed
            --
            C: AUTH PLAIN =
            S: 501 5.5.2 the response is not well formed
            --
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            --
            C: YQ==
            S: 334 UGFzc3dvcmQ6
            --
            C: d3Jvbmc=
            ? authenticate a
            S: 535 5.7.8 wrong user name or password
            --
            C: AUTH LOGIN YQ==
            S: 334 UGFzc3dvcmQ6
            --
            C: c2VjcmV0
            ? authenticate a
            S: 235 2.7.0 authenticated
            --
            C: AUTH LOGIN
            S: 503 5.5.1 already authenticated
            --
            C: MAIL FROM:<a@example.net> AUTH=<>
            ? mail <a@example.net>
            S: 250 2.1.0 the reverse-path is ok
            --
        "#]],
    );
}

#[test]
fn auth_that_is_not_offered() {
    check(
        &["AUTH PLAIN AGEAc2VjcmV0"],
        &expect![[r#"
        C: AUTH PLAIN AGEAc2VjcmV0
        S: 502 5.5.1 AUTH is not offered
        --
    "#]],
    );
}
