//! Keys by URL: read once, rotated without failure, and lived without for a while.

use std::{sync::Arc, time::Duration};

use axum::http::{StatusCode, header};
use common::access::{
    AccessError, Refusal, Verifier,
    testing::{TestIssuer, TestKey},
};
use serde_json::json;
use tokio::time;

use crate::support::{self, AuthService, Mode, ask, published};

fn key(name: &str) -> (Arc<TestKey>, TestIssuer) {
    let key = Arc::new(TestKey::generate(name));
    (Arc::clone(&key), TestIssuer::with_key(key))
}

/// Lets time pass without waiting for it.
async fn pass(duration: Duration) {
    time::pause();
    time::advance(duration).await;
    time::resume();
}

fn is_unavailable<T: std::fmt::Debug>(outcome: &Result<T, AccessError>) -> bool {
    matches!(outcome, Err(AccessError::Unavailable { .. }))
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, AccessError>) -> Refusal {
    match outcome {
        Err(AccessError::Invalid(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

/// A good token is verified, trying again while the keys are being read beside requests.
async fn eventually(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let end = time::Instant::now() + Duration::from_secs(10);
    while !done().await {
        assert!(time::Instant::now() < end, "{what}");
        time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_hundred_requests_at_once_read_the_keys_once() {
    let auth = AuthService::with_keys(&[&TestKey::shared()]).await;
    let verifier = Arc::new(auth.verifier());
    let requests = (0..100).map(|_| {
        let (verifier, token) = (Arc::clone(&verifier), TestIssuer::new().user().sign());
        tokio::spawn(async move { verifier.verify(&token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap().expect("verified");
    }
    assert_eq!(auth.asked(), 1);
}

#[tokio::test]
async fn a_hundred_requests_at_once_fail_at_one_failure() {
    let auth = AuthService::start(Mode::Status(StatusCode::INTERNAL_SERVER_ERROR)).await;
    let verifier = Arc::new(auth.verifier());
    let requests = (0..100).map(|_| {
        let (verifier, token) = (Arc::clone(&verifier), TestIssuer::new().user().sign());
        tokio::spawn(async move { verifier.verify(&token).await })
    });
    for request in requests.collect::<Vec<_>>() {
        assert!(is_unavailable(&request.await.unwrap()));
    }
    assert_eq!(auth.asked(), 1);
}

#[tokio::test]
async fn without_keys_the_answer_is_503_and_recovers_by_itself() {
    let auth = AuthService::start(Mode::Status(StatusCode::BAD_GATEWAY)).await;
    let service = support::service(auth.verifier());
    let good = TestIssuer::new().user().bearer();
    for path in ["/me", "/events", "/public"] {
        let answer = ask(&service, path, std::slice::from_ref(&good)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
        assert_eq!(answer.problem()["code"], "verification_unavailable");
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
    }
    assert_eq!(ask(&service, "/public", &[]).await.status, StatusCode::OK);
    assert!(auth.verifier().check().await.is_err());
    auth.set(published(&[&TestKey::shared()]));
    pass(Duration::from_secs(1)).await;
    assert_eq!(ask(&service, "/me", &[good]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn invented_key_names_do_not_keep_the_auth_service_busy() {
    let auth = AuthService::with_keys(&[&TestKey::shared()]).await;
    let verifier = auth.verifier();
    let began = time::Instant::now();
    for number in 0..200 {
        let token = TestIssuer::new().user().header("kid", format!("invented-{number}")).sign();
        assert_eq!(refusal(verifier.verify(&token).await), Refusal::UnknownKey);
    }
    // Once for the first, and thrice in each 5 s.
    let most = 1 + 3 * (1 + began.elapsed().as_secs() as usize / 5);
    assert!((2..=most).contains(&auth.asked()), "asked {} times", auth.asked());
    // Good tokens are not held up by that, and a rotation is seen a little later nevertheless.
    verifier.verify(&TestIssuer::new().user().sign()).await.expect("verified");
    let (new, issuer) = key("new");
    auth.set(published(&[&TestKey::shared(), &new]));
    pass(Duration::from_secs(5)).await;
    verifier.verify(&issuer.user().sign()).await.expect("verified");
}

#[tokio::test]
async fn a_rotation_under_load_refuses_nobody() {
    let (mut old, mut issuer) = key("key-0");
    let auth = AuthService::with_keys(&[&old]).await;
    let verifier = Arc::new(auth.verifier());
    for number in 1..=3 {
        let (new, new_issuer) = key(&format!("key-{number}"));
        let mut requests = Vec::new();
        for count in 0..60 {
            if count == 20 {
                auth.set(published(&[&new, &old]));
            }
            let signer = if count < 20 { [&issuer, &issuer] } else { [&issuer, &new_issuer] }[count % 2];
            let (verifier, token) = (Arc::clone(&verifier), signer.user().sign());
            requests.push(tokio::spawn(async move { verifier.verify(&token).await }));
            tokio::task::yield_now().await;
        }
        for request in requests {
            request.await.unwrap().expect("verified");
        }
        (old, issuer) = (new, new_issuer);
    }
}

#[tokio::test]
async fn a_withdrawn_key_is_good_for_five_minutes_at_most() {
    let (old, old_issuer) = key("old");
    let (new, new_issuer) = key("new");
    let auth = AuthService::with_keys(&[&old]).await;
    let verifier = auth.verifier();
    let token = old_issuer.user().sign();
    verifier.verify(&token).await.expect("verified");
    auth.set(published(&[&new]));
    verifier.verify(&token).await.expect("the keys are not read for every request");
    pass(Duration::from_secs(5 * 60)).await;
    assert_eq!(refusal(verifier.verify(&token).await), Refusal::UnknownKey);
    verifier.verify(&new_issuer.user().sign()).await.expect("verified");
}

#[tokio::test]
async fn another_key_under_the_same_name_ends_the_tokens_of_the_first() {
    let (first, first_issuer) = key("same");
    let (second, second_issuer) = key("same");
    let auth = AuthService::with_keys(&[&first]).await;
    let verifier = auth.verifier();
    let token = first_issuer.user().sign();
    verifier.verify(&token).await.expect("verified");
    auth.set(published(&[&second]));
    pass(Duration::from_secs(5 * 60)).await;
    assert_eq!(refusal(verifier.verify(&token).await), Refusal::Signature);
    verifier.verify(&second_issuer.user().sign()).await.expect("verified");
}

#[tokio::test]
async fn keys_are_read_again_before_they_are_too_old_and_nobody_waits_for_it() {
    let auth = AuthService::with_keys(&[&TestKey::shared()]).await;
    let verifier = auth.verifier();
    let token = TestIssuer::new().user().sign();
    verifier.verify(&token).await.expect("verified");
    pass(Duration::from_secs(4 * 60)).await;
    verifier.verify(&token).await.expect("verified");
    eventually("the keys are read beside requests", async || auth.asked() == 2).await;
    pass(Duration::from_secs(3 * 60)).await;
    verifier.verify(&token).await.expect("verified");
    assert_eq!(auth.asked(), 2, "they count as new since");
}

#[tokio::test]
async fn while_the_auth_service_is_away_old_keys_are_used_for_an_hour() {
    let auth = AuthService::with_keys(&[&TestKey::shared()]).await;
    let verifier = auth.verifier();
    let token = TestIssuer::new().user().sign();
    verifier.verify(&token).await.expect("verified");
    auth.set(Mode::Status(StatusCode::SERVICE_UNAVAILABLE));
    for _ in 0..5 {
        pass(Duration::from_secs(11 * 60)).await;
        verifier.verify(&token).await.expect("verified with old keys");
        verifier.check().await.expect("ready with old keys");
    }
    let asked = auth.asked();
    let unknown = TestIssuer::new().user().header("kid", "newer").sign();
    assert!(is_unavailable(&verifier.verify(&unknown).await), "it may be good: nobody can tell");
    assert!(auth.asked() <= asked + 1);
    pass(Duration::from_secs(5 * 60)).await;
    assert!(is_unavailable(&verifier.verify(&token).await));
    verifier.check().await.expect_err("not ready");
    auth.set(published(&[&TestKey::shared()]));
    pass(Duration::from_secs(1)).await;
    verifier.verify(&token).await.expect("verified");
}

#[tokio::test]
async fn an_auth_service_that_cannot_be_reached_is_503_as_well() {
    let auth = AuthService::with_keys(&[&TestKey::shared()]).await;
    let verifier: Verifier = auth.verifier();
    drop(auth);
    let outcome = verifier.verify(&TestIssuer::new().user().sign()).await;
    assert!(is_unavailable(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn keys_of_other_kinds_are_passed_over() {
    let good = serde_json::to_value(TestKey::shared().to_jwk()).unwrap();
    let with = |name: &str, value: serde_json::Value| {
        let mut key = good.clone();
        key["kid"] = json!(format!("{name}-{value}"));
        key[name] = value;
        key
    };
    let others = [
        json!({"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AA", "y": "AA"}),
        json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}),
        json!("not a key"),
        json!(null),
        with("use", json!("enc")),
        with("alg", json!("RS512")),
        with("alg", json!("none")),
        with("e", json!("AQ")),
        with("e", json!("Ag")),
        with("e", json!("")),
        with("n", json!("AQAB")),
        with("n", json!("A".repeat(340))),
        with("n", json!("?")),
    ];
    let mut bare = good.clone();
    bare.as_object_mut().unwrap().retain(|name, _| ["kty", "kid", "n", "e"].contains(&name.as_str()));
    bare["kid"] = json!("bare");
    let keys: Vec<_> = others.iter().cloned().chain([good.clone(), bare]).collect();
    let auth = AuthService::start(Mode::Body(json!({"keys": keys, "more": 1}).to_string())).await;
    let verifier = auth.verifier();
    verifier.verify(&TestIssuer::new().user().sign()).await.expect("verified");
    verifier.verify(&TestIssuer::new().user().header("kid", "bare").sign()).await.expect("verified");
    for other in others.iter().filter_map(|other| other["kid"].as_str()) {
        let token = TestIssuer::new().user().header("kid", other).sign();
        assert_eq!(refusal(verifier.verify(&token).await), Refusal::UnknownKey, "{other}");
    }
}

#[tokio::test]
async fn what_is_not_a_key_set_is_no_key_set() {
    let elsewhere = AuthService::with_keys(&[&TestKey::shared()]).await;
    let good = serde_json::to_value(TestKey::shared().to_jwk()).unwrap();
    let long = json!({"keys": [good], "padding": "x".repeat(300 << 10)}).to_string();
    for mode in [
        Mode::Body("<html>".to_owned()),
        Mode::Body(r#"{"keys":[]}"#.to_owned()),
        Mode::Body(long),
        Mode::Redirect(elsewhere.jwks_url.to_string()),
    ] {
        let auth = AuthService::start(mode).await;
        assert!(is_unavailable(&auth.verifier().verify(&TestIssuer::new().user().sign()).await));
    }
    assert_eq!(elsewhere.asked(), 0, "a redirection was followed");
}
