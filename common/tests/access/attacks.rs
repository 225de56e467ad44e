//! The JWT attack table: 401 each, as a problem, and no token in the log.

use std::{io, sync::Arc};

use aws_lc_rs::{hmac, signature};
use axum::http::{HeaderValue, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use common::{
    access::{
        Permission,
        testing::{TestIssuer, TestKey, TestToken},
    },
    clock,
};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::support::{self, AuthService};

fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// Good in every respect: attacks change one.
fn good() -> TestToken {
    TestIssuer::new().user().permissions([Permission::EventsRead])
}

fn payload(token: &str) -> String {
    let part = token.split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn signed(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(payload));
    format!("{message}.{}", encode(TestKey::shared().sign(message.as_bytes())))
}

fn hs256(secret: &[u8]) -> String {
    let message = good().header("alg", "HS256").message();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    format!("{message}.{}", encode(hmac::sign(&key, message.as_bytes())))
}

fn signed_by(token: &TestToken, scheme: &'static dyn signature::RsaEncoding) -> String {
    let message = token.message();
    format!("{message}.{}", encode(TestKey::shared().sign_by(scheme, message.as_bytes())))
}

fn tokens(attackers_jwks: &str) -> Vec<(String, String)> {
    let key = TestKey::shared();
    let (der, pem) = (key.public_der(), key.public_pem());
    let attacker = Arc::new(TestKey::generate("attacker"));
    let attackers = TestIssuer::with_key(Arc::clone(&attacker)).user().permissions([Permission::EventsRead]);
    let now = clock::now();
    let whole = good().sign();
    let [head, body, tail] = <[&str; 3]>::try_from(whole.split('.').collect::<Vec<_>>()).unwrap();
    let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, key.kid);
    let claims = payload(&whole);
    let mut table: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, token: String| table.push((name.to_owned(), token));

    for alg in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let message = good().header("alg", alg).message();
        add(&format!("alg {alg:?}, unsigned"), format!("{message}."));
        add(&format!("alg {alg:?}, with the signature of another"), format!("{message}.{tail}"));
    }
    add("no alg", good().header("alg", Value::Null).sign());
    add("alg not a text", good().header("alg", json!(["RS256"])).sign());
    add("RS256 in small letters", good().header("alg", "rs256").sign());
    let modulus = key.to_jwk().n;
    for (name, secret) in [
        ("PEM", pem.as_bytes()),
        ("PEM without its last line break", pem.trim_end().as_bytes()),
        ("DER", &der),
        ("modulus", &URL_SAFE_NO_PAD.decode(&modulus).unwrap()),
        ("modulus as text", modulus.as_bytes()),
        ("nothing", b""),
    ] {
        add(&format!("HS256 with the public key: {name}"), hs256(secret));
    }
    add("RS384 with the right key", signed_by(&good().header("alg", "RS384"), &signature::RSA_PKCS1_SHA384));
    add("RS512 with the right key", signed_by(&good().header("alg", "RS512"), &signature::RSA_PKCS1_SHA512));
    add("PS256 with the right key", signed_by(&good().header("alg", "PS256"), &signature::RSA_PSS_SHA256));
    add("PS256 that says RS256", signed_by(&good(), &signature::RSA_PSS_SHA256));
    add("RS384 that says RS256", signed_by(&good(), &signature::RSA_PKCS1_SHA384));

    add("an unknown kid", good().header("kid", "nobody").sign());
    add("no kid", good().header("kid", Value::Null).sign());
    add("an empty kid", good().header("kid", "").sign());
    add("a kid that is a path", good().header("kid", "../../../dev/null").sign());
    add("a kid that is SQL", good().header("kid", "' OR 1=1 --").sign());
    add("a kid that is a number", good().header("kid", 1).sign());
    add("a very long kid", good().header("kid", "k".repeat(4000)).sign());
    add("another's key", attackers.sign());
    add("another's key under our key's name", attackers.clone().header("kid", key.kid.as_str()).sign());
    for name in ["jku", "x5u"] {
        add(&format!("{name} of the attacker"), attackers.clone().header(name, attackers_jwks).sign());
        add(
            &format!("{name} of the attacker, our kid"),
            attackers.clone().header(name, attackers_jwks).header("kid", key.kid.as_str()).sign(),
        );
        add(&format!("{name} in a token of ours"), good().header(name, attackers_jwks).sign());
    }
    let jwk = serde_json::to_value(attacker.to_jwk()).unwrap();
    add("jwk of the attacker", attackers.clone().header("jwk", jwk.clone()).sign());
    add(
        "jwk of the attacker, our kid",
        attackers.clone().header("jwk", jwk).header("kid", key.kid.as_str()).sign(),
    );
    add("x5c of the attacker", attackers.header("x5c", json!(["MIIB"])).sign());
    add("crit", good().header("crit", json!(["exp"])).sign());
    add("crit of nothing", good().header("crit", json!([])).sign());
    add("an unencoded payload", good().header("b64", false).sign());
    add("compressed", good().header("zip", "DEF").sign());
    add("another kind of token", good().header("typ", "logout+jwt").sign());
    add("typ not a text", good().header("typ", 7).sign());

    add("expired", good().expired().sign());
    add("expired a minute ago", good().claim("exp", now.timestamp() - 60).sign());
    add("not yet valid", good().claim("nbf", now.timestamp() + 60).sign());
    add("made in the future", good().issued_at(now + TimeDelta::minutes(5)).sign());
    for (name, claim) in [("exp", "exp"), ("iat", "iat"), ("nbf", "nbf")] {
        for value in [
            json!(1.5e9),
            json!(-1),
            json!(u64::MAX),
            json!(i64::MAX),
            json!("4102444800"),
            json!(true),
            json!([]),
        ] {
            add(&format!("{name} is {value}"), good().claim(claim, value).sign());
        }
        let far = claims.trim_end_matches('}').to_owned() + &format!(r#","{claim}":1e400}}"#);
        add(&format!("{name} is 1e400"), signed(&header, &far));
    }
    add("no exp", good().claim("exp", Value::Null).sign());
    add("no iat", good().claim("iat", Value::Null).sign());
    add("milliseconds of another second", good().claim("iat_ms", 0).sign());

    add("another audience", good().claim("aud", "live-service").sign());
    add("other audiences", good().claim("aud", json!(["live-service", "event-service "])).sign());
    add("no audience", good().claim("aud", Value::Null).sign());
    add("audience of numbers", good().claim("aud", json!([1])).sign());
    add("audience an object", good().claim("aud", json!({"event-service": true})).sign());
    add("another issuer", good().claim("iss", "https://auth.test.example").sign());
    add("issuer with a slash", good().claim("iss", "https://auth.test/").sign());
    add("no issuer", good().claim("iss", Value::Null).sign());
    add("issuer a list", good().claim("iss", json!(["https://auth.test"])).sign());
    for other in ["refresh", "id", "Access", "service", ""] {
        add(&format!("a user's token for use as {other:?}"), good().claim("token_use", other).sign());
    }
    let service = TestIssuer::new().service("live-service", &[Permission::EventsRead]);
    add("a service's token whose client is another", service.clone().claim("client_id", "other").sign());
    add("a service's token without client", service.claim("client_id", Value::Null).sign());
    add("no subject", good().claim("sub", Value::Null).sign());
    add("a subject that is no user", good().claim("sub", "admin").sign());
    add("no jti", good().claim("jti", Value::Null).sign());
    add("a customer that is none", good().claim("customer_id", "all").sign());
    add("roles a text", good().claim("roles", "platform_admin").sign());
    add("permissions a text", good().claim("permissions", "events:read").sign());

    add("cut at the first dot", head.to_owned());
    add("cut after the first dot", format!("{head}."));
    add("cut at the second dot", format!("{head}.{body}"));
    add("cut after the second dot", format!("{head}.{body}."));
    add("its last letter missing", whole[..whole.len() - 1].to_owned());
    add("a letter more", format!("{whole}A"));
    add("a part more", format!("{whole}.{tail}"));
    add("padded", format!("{whole}=="));
    let raised = claims.replace(r#""roles":[]"#, r#""roles":["platform_admin"]"#);
    assert_ne!(raised, claims);
    add("a swapped payload", format!("{head}.{}.{tail}", encode(&raised)));
    add("the header of another", format!("{}.{body}.{tail}", encode(header.replace("JWT", "at+jwt"))));
    add("two dots only", "..".to_owned());
    add("dots only", "....".to_owned());
    add("a word", "letmein".to_owned());
    add("a space within", format!("{head} .{body}.{tail}"));
    add("100 kB", format!("{head}.{}.{tail}", "A".repeat(100_000)));
    add("100 kB of dots", ".".repeat(100_000));
    add("a signed token of 100 kB", good().claim("note", "n".repeat(100_000)).sign());
    add("nested 10 000 deep", format!("{}.{body}.{tail}", encode("[".repeat(5_000))));
    add("a payload that is no object", signed(&header, "[]"));
    add("a payload that is no JSON", signed(&header, "{"));
    add("a header that is no object", signed("\"RS256\"", &claims));
    for (name, value) in
        [("sub", json!("0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f")), ("exp", json!(4_102_444_800_i64))]
    {
        let twice = claims.trim_end_matches('}').to_owned() + &format!(r#","{name}":{value}}}"#);
        add(&format!("{name} stands twice"), signed(&header, &twice));
    }
    let twice = header.trim_end_matches('}').to_owned() + r#","alg":"RS256"}"#;
    add("alg stands twice", signed(&twice, &claims));
    table
}

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_attack_is_answered_401_and_leaves_no_token_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: the tests beside this one would else switch events off before it gets there.
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");

    let auth = AuthService::with_keys(&[&TestKey::shared()]).await;
    let attacker = AuthService::with_keys(&[&TestKey::generate("attacker")]).await;
    let service = support::service(auth.verifier());
    let good = good().bearer();
    assert_eq!(support::ask(&service, "/events", std::slice::from_ref(&good)).await.status, StatusCode::OK);

    let table = tokens(attacker.jwks_url.as_str());
    assert!(table.len() > 100);
    let mut values: Vec<(String, HeaderValue)> = Vec::new();
    for (name, token) in &table {
        values.push((name.clone(), HeaderValue::from_str(&format!("Bearer {token}")).unwrap()));
    }
    values.push(("not UTF-8".to_owned(), HeaderValue::from_bytes(b"Bearer \xff\xfe.\xc3\x28.x").unwrap()));
    values.push(("no token".to_owned(), HeaderValue::from_static("Bearer ")));
    values.push(("no token nor space".to_owned(), HeaderValue::from_static("Bearer")));
    values.push(("another scheme".to_owned(), HeaderValue::from_static("Basic bGl2ZTpzZWNyZXQ=")));
    for path in ["/events", "/me", "/public"] {
        for (name, value) in &values {
            let answer = support::ask(&service, path, std::slice::from_ref(value)).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name} at {path}: {}", answer.body);
            assert_eq!(answer.problem()["code"], "invalid_token", "{name}");
            let challenge = answer.header(header::WWW_AUTHENTICATE);
            assert!(
                challenge.starts_with(r#"Bearer realm="ilenia", error="invalid_token""#),
                "{name}: {challenge}"
            );
        }
    }
    assert_eq!(support::ask(&service, "/events", std::slice::from_ref(&good)).await.status, StatusCode::OK);
    assert_eq!(attacker.asked(), 0, "a token's own address of keys was followed");

    let log = String::from_utf8_lossy(&log.0.lock()).into_owned();
    assert!(log.contains("an access token was refused"), "refusals are in the log");
    for (name, token) in &table {
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!log.contains(part), "the log has a part of the token of {name:?}");
        }
    }
}
