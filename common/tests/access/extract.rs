//! Who is let in, and what the others are told (RFC 6750, section 3).

use axum::http::{HeaderValue, StatusCode, header};
use common::access::{Permission, testing::TestIssuer};
use serde_json::json;

use crate::support::{self, AUDIENCE, ask};

fn service() -> (TestIssuer, axum::Router) {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier(Some(AUDIENCE));
    (issuer, support::service(verifier))
}

#[tokio::test]
async fn without_a_token_the_answer_asks_for_one_and_names_no_error() {
    let (_, service) = service();
    for path in ["/me", "/events"] {
        let answer = ask(&service, path, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.problem()["code"], "unauthorized");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), r#"Bearer realm="ilenia""#);
    }
    assert_eq!(ask(&service, "/public", &[]).await.body, "nobody");
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let (issuer, service) = service();
    let token = issuer.user().permissions([Permission::EventsUpdate]);
    let name = token.principal.subject.to_string();
    assert_eq!(ask(&service, "/me", &[token.bearer()]).await.body, name);
    assert_eq!(ask(&service, "/public", &[token.bearer()]).await.body, name);
    let answer = ask(&service, "/events", &[token.bearer()]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let problem = answer.problem();
    assert_eq!(problem["code"], "forbidden");
    assert!(problem["detail"].as_str().unwrap().contains("events:read"), "{problem}");
    let challenge = answer.header(header::WWW_AUTHENTICATE);
    assert!(challenge.contains(r#"error="insufficient_scope", scope="events:read""#), "{challenge}");
}

#[tokio::test]
async fn two_authorization_headers_are_refused_even_if_one_is_good() {
    let (issuer, service) = service();
    let good = issuer.user().bearer();
    for second in [good.clone(), HeaderValue::from_static("Basic eA=="), HeaderValue::from_static("")] {
        for pair in [[good.clone(), second.clone()], [second.clone(), good.clone()]] {
            assert_eq!(ask(&service, "/me", &pair).await.status, StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_not_looked_at() {
    let (issuer, service) = service();
    let path = format!("/me?access_token={}", issuer.user().sign());
    assert_eq!(ask(&service, &path, &[]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_scheme_may_be_in_any_letters_and_typ_any_of_access_tokens() {
    let (issuer, service) = service();
    let token = issuer.user().sign();
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let value = HeaderValue::from_str(&format!("{scheme} {token}")).unwrap();
        assert_eq!(ask(&service, "/me", &[value]).await.status, StatusCode::OK, "{scheme}");
    }
    for kind in [json!("at+jwt"), json!("application/at+JWT"), json!("jwt"), json!(null)] {
        let value = issuer.user().header("typ", kind.clone()).bearer();
        assert_eq!(ask(&service, "/me", &[value]).await.status, StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn a_services_scopes_are_its_permissions() {
    let (issuer, service) = service();
    let token = issuer.service("live-service", &[Permission::EventsRead, Permission::SessionsRecord]);
    assert_eq!(ask(&service, "/events", &[token.bearer()]).await.body, "live-service");
    let other = issuer.service("live-service", &[Permission::SessionsRecord]);
    assert_eq!(ask(&service, "/events", &[other.bearer()]).await.status, StatusCode::FORBIDDEN);
    // Permissions of users do not count in a service's token, nor scopes in a user's.
    let mixed = other.claim("permissions", json!(["events:read"]));
    assert_eq!(ask(&service, "/events", &[mixed.bearer()]).await.status, StatusCode::FORBIDDEN);
    let mixed = issuer.user().claim("scope", "events:read");
    assert_eq!(ask(&service, "/events", &[mixed.bearer()]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn permissions_of_a_newer_issuer_are_passed_over() {
    let (issuer, service) = service();
    let token = issuer.user().claim("permissions", json!(["moon:land", "events:read", "events:*"]));
    assert_eq!(ask(&service, "/events", &[token.bearer()]).await.status, StatusCode::OK);
    let token = issuer.service("x", &[]).claim("scope", "moon:land  events:read");
    assert_eq!(ask(&service, "/events", &[token.bearer()]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_audience_may_be_a_text_or_a_list_and_is_free_where_none_is_required() {
    let (issuer, service) = service();
    for audience in [json!("event-service"), json!(["x", "event-service"])] {
        let token = issuer.user().claim("aud", audience);
        assert_eq!(ask(&service, "/me", &[token.bearer()]).await.status, StatusCode::OK);
    }
    let any = support::service(issuer.verifier(None));
    for audience in [json!("x"), json!([]), json!(null)] {
        let token = issuer.user().claim("aud", audience);
        assert_eq!(ask(&any, "/me", &[token.bearer()]).await.status, StatusCode::OK);
    }
}
